//! The queue worker: turns a request into a link and a code and mails them. It also does what an
//! administrator asks about links, so that no key and no table layout is known outside the functions.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod batch;
mod clients;
mod codes;
mod directory;
mod letter;
mod lifetime;
mod links;
mod mail;
mod markers;
mod operation;
mod post;
mod worker;

use codes::Codes;
use directory::Directory;
use lambda_runtime::service_fn;
use letter::Stationery;
use links::Links;
use mail::Mail;
use markers::Markers;
use mlink_core::MacKey;
use mlink_runtime::{optional, parsed, parsed_if_set, required, sdk_config};
use post::Post;
use worker::Worker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let sdk = sdk_config()?;
    let (table, dynamodb) = (required("LINK_TABLE")?, clients::dynamodb(&sdk));
    let lifetime = parsed("LINK_LIFETIME_SECONDS")?;
    let key: MacKey = parsed("MAC_KEY")?;
    let ses = clients::ses(&sdk);
    let mail = Mail::new(Worker {
        directory: Directory::new(clients::cognito(&sdk), required("USER_POOL_ID")?),
        links: Links::new(dynamodb.clone(), table.clone(), key.clone(), lifetime),
        codes: Codes::new(dynamodb.clone(), table.clone(), key, lifetime),
        markers: Markers::new(dynamodb, table),
        stationery: Stationery::new(required("SITE_URL")?, &required("BRAND")?, lifetime),
        post: parsed_if_set("EMAIL_FROM")?
            .map(|sender| Post::new(ses, &sender, optional("CONFIGURATION_SET"))),
    });
    lambda_runtime::run(service_fn(|event| mail.answer(event))).await
}
