//! The three questions that Cognito asks while somebody signs in by a link or a code: what comes next
//! (Define), what the challenge is (Create), and whether the answer is right (Verify).
//! One function for the three, so that a sign-in meets one cold start and not three.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod challenge;
mod clients;
mod codes;
mod links;

use challenge::Challenge;
use codes::Codes;
use lambda_runtime::{LambdaEvent, service_fn};
use links::Links;
use mlink_core::MacKey;
use mlink_runtime::{parsed, required, sdk_config};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (table, dynamodb) = (required("LINK_TABLE")?, clients::dynamodb(&sdk_config()?));
    let key: MacKey = parsed("MAC_KEY")?;
    let challenge = Challenge::new(
        Links::new(dynamodb.clone(), table.clone()),
        Codes::new(dynamodb, table, key.clone()),
        key,
    );
    let answer = |event: LambdaEvent<Value>| challenge.answer(event.payload);
    lambda_runtime::run(service_fn(answer)).await
}
