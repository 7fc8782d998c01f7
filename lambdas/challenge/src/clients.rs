//! The one service and how long it may take.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, Config};
use aws_types::SdkConfig;

/// Cognito waits 5 seconds for a trigger; the table, all calls and their retries included, gets
/// three of them.
pub const PATIENCE: Duration = Duration::from_secs(3);

pub fn dynamodb(sdk: &SdkConfig) -> Client {
    Client::from_conf(in_time(Config::from(sdk).to_builder()).build())
}

/// Tries again soon enough to be done in time.
pub fn in_time(config: Builder) -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(900))
        .operation_attempt_timeout(Duration::from_millis(900))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50));
    config.timeout_config(timeouts).retry_config(retries)
}
