//! The three services and how long each may take. Together they stay within the function's 30
//! seconds for one message, so that a slow service is a failure of ours and not the end of us.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use mlink_runtime::fresh_connections;

/// What one message takes at the most: four calls to the table, one to each of the others.
pub const LONGEST_MESSAGE: Duration = Duration::from_secs(4 * 3 + 5 + 8);

pub fn dynamodb(sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb::{Client, config::Builder};
    Client::from_conf(Builder::from(sdk).timeout_config(patience(3)).build())
}

pub fn cognito(sdk: &SdkConfig) -> aws_sdk_cognitoidentityprovider::Client {
    use aws_sdk_cognitoidentityprovider::{Client, config::Builder};
    Client::from_conf(Builder::from(sdk).timeout_config(patience(5)).build())
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
        .timeout_config(patience(8))
        .retry_config(RetryConfig::disabled())
}

fn patience(seconds: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_timeout(Duration::from_secs(seconds))
        .build()
}
