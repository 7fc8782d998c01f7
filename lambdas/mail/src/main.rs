//! The queue worker: turns a request into a link and a code and mails them. It also does what an
//! administrator asks about links, so that no key and no table layout is known outside the functions.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod batch;
mod clients;
mod codes;
mod directory;
mod letter;
mod lifetime;
mod link_table;
mod links;
mod mail;
mod markers;
mod moment;
mod operations;
mod outstanding;
mod post;
mod services;
mod slots;
mod test_marks;
mod throttle;
mod worker;

use lambda_runtime::service_fn;
use mail::Mail;
use mlink_runtime::sdk_config;
use services::Services;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mail = Mail::new(Services::from_environment(&sdk_config()?)?);
    lambda_runtime::run(service_fn(|event| mail.answer(event))).await
}
