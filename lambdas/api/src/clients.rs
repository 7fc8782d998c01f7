//! The three services and how long each may take. Together they stay within the function's 20
//! seconds, and those within the 30 that API Gateway and CloudFront wait.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;

pub fn dynamodb(sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb::{Client, config::Builder};
    Client::from_conf(in_time(Builder::from(sdk)).build())
}

/// Tries a call to the table again soon enough to be done within two seconds.
pub fn in_time(config: aws_sdk_dynamodb::config::Builder) -> aws_sdk_dynamodb::config::Builder {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(900))
        .operation_timeout(Duration::from_secs(2))
        .build();
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(50));
    config.timeout_config(timeouts).retry_config(retries)
}

pub fn sqs(sdk: &SdkConfig) -> aws_sdk_sqs::Client {
    use aws_sdk_sqs::{Client, config::Builder};
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(5))
        .build();
    Client::from_conf(Builder::from(sdk).timeout_config(timeouts).build())
}

/// `mail` may have to start first, and has calls of its own to make.
pub fn lambda(sdk: &SdkConfig) -> aws_sdk_lambda::Client {
    use aws_sdk_lambda::{Client, config::Builder};
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(Duration::from_secs(12))
        .build();
    Client::from_conf(Builder::from(sdk).timeout_config(timeouts).build())
}
