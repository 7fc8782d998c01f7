//! The three services and how long each may take. Together they stay within the function's 30
//! seconds for one message, so that a slow service is a failure of ours and not the end of us.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use mlink_runtime::fresh_connections;

/// What one message takes at the most. It leaves six of the 30 seconds for the messages before it
/// in the batch, each of which takes a fraction of a second as a rule; what there is no time for
/// comes back minutes later, and the second time is its last.
pub const LONGEST_MESSAGE: Duration = TABLE
    .saturating_mul(TABLE_CALLS)
    .saturating_add(USER_POOL)
    .saturating_add(POST_OFFICE);

/// The calls to the table for a message whose mail is refused: claim, throttle, enter in the
/// register, revoke, link, code, withdraw from the register, release. No other message needs more.
pub const TABLE_CALLS: u32 = 8;

/// A few milliseconds as a rule.
const TABLE: Duration = Duration::from_millis(1500);
const USER_POOL: Duration = Duration::from_secs(4);
/// Patient, because after a timeout nobody knows whether the mail went out.
const POST_OFFICE: Duration = Duration::from_secs(8);

pub fn dynamodb(sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb::{Client, config::Builder};
    let config = Builder::from(sdk).timeout_config(patience(TABLE));
    Client::from_conf(config.retry_config(soon()).build())
}

pub fn cognito(sdk: &SdkConfig) -> aws_sdk_cognitoidentityprovider::Client {
    use aws_sdk_cognitoidentityprovider::{Client, config::Builder};
    let config = Builder::from(sdk).timeout_config(patience(USER_POOL));
    Client::from_conf(config.retry_config(soon()).build())
}

pub fn ses(sdk: &SdkConfig) -> aws_sdk_sesv2::Client {
    use aws_sdk_sesv2::{Client, config::Builder};
    let config = sending_once(Builder::from(sdk)).http_client(fresh_connections());
    Client::from_conf(config.build())
}

/// Sending is the one call that must not be repeated by itself: SES cannot tell a second try from
/// a second mail. So the SDK does not try again, and no mail is entrusted to an old connection.
pub fn sending_once(config: aws_sdk_sesv2::config::Builder) -> aws_sdk_sesv2::config::Builder {
    config
        .timeout_config(patience(POST_OFFICE))
        .retry_config(RetryConfig::disabled())
}

/// For a call with all its retries.
fn patience(limit: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_timeout(limit).build()
}

/// Tries again soon enough to be done in time.
fn soon() -> RetryConfig {
    RetryConfig::standard().with_initial_backoff(Duration::from_millis(50))
}
