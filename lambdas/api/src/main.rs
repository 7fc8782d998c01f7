//! The HTTP API behind the page: `POST /api/login` asks for a sign-in mail, `GET /api/me` says who
//! is signed in. It can neither read users nor send mail; it puts a request on the queue.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod api;
mod login;
mod me;
mod origin;
mod queue;
mod request;
mod response;

use api::Api;
use lambda_runtime::service_fn;
use mlink_runtime::{required, sdk_config};
use origin::OriginSecret;
use queue::MailQueue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let queue = MailQueue::new(queue::client(&sdk_config()?), required("QUEUE_URL")?);
    let api = Api::new(queue, OriginSecret::new(required("ORIGIN_SECRET")?));
    lambda_runtime::run(service_fn(|event| api.answer(event))).await
}
