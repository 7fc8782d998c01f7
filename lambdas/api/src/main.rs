//! The HTTP API behind the page: `POST /api/login` asks for a sign-in mail, `GET /api/me` says who
//! is signed in. It can neither read users nor send mail; it puts a request on the queue, and has
//! `mail` make the link of a test user.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod api;
mod callers;
mod clients;
mod login;
mod me;
mod origin;
mod queue;
mod request;
mod response;
mod test_links;

use api::Api;
use callers::Callers;
use lambda_runtime::service_fn;
use login::Login;
use mlink_core::MacKey;
use mlink_runtime::{EnvironmentError, parsed, required, sdk_config};
use origin::OriginSecret;
use queue::MailQueue;
use test_links::TestLinks;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let api = Api::new(login()?, OriginSecret::new(required("ORIGIN_SECRET")?));
    lambda_runtime::run(service_fn(|event| api.answer(event))).await
}

fn login() -> Result<Login, EnvironmentError> {
    let sdk = sdk_config()?;
    let (table, dynamodb) = (required("LINK_TABLE")?, clients::dynamodb(&sdk));
    let key: MacKey = parsed("MAC_KEY")?;
    let limit = parsed("REQUESTS_PER_HOUR")?;
    let test_links = TestLinks {
        dynamodb: dynamodb.clone(),
        table: table.clone(),
        lambda: clients::lambda(&sdk),
        mail_function: required("MAIL_FUNCTION")?,
        key: key.clone(),
    };
    Ok(Login {
        callers: Callers::new(dynamodb, table, key.clone(), limit),
        test_links: parsed::<bool>("TEST_USERS")?.then_some(test_links),
        queue: MailQueue::new(clients::sqs(&sdk), required("QUEUE_URL")?),
        key,
    })
}
