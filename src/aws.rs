//! The one way to AWS: clients from a single SDK configuration, and the SDK's errors as ours.

mod calls;
#[cfg(test)]
pub mod double;
mod error;

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::event::Progress;
use calls::CallLog;
pub use error::{Error, failed};

/// The region of the local cloud when none is configured.
pub const LOCAL_REGION: &str = "eu-west-1";

/// An account and a region that answer, and who is asking.
#[derive(Clone, Debug)]
pub struct Cloud {
    sdk: SdkConfig,
    calls: CallLog,
    /// Twelve digits.
    pub account: String,
    pub region: String,
    /// ARN of the caller.
    pub caller: String,
}

impl Cloud {
    /// Connects to AWS with the standard configuration: environment, profiles, SSO.
    pub async fn aws(
        profile: Option<&str>,
        region: Option<&str>,
        progress: &Progress,
    ) -> Result<Cloud, Error> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https(ProxyConfig::from_env()))
            .retry_config(retries())
            .timeout_config(timeouts());
        if let Some(profile) = profile {
            // A profile that was asked for wins over keys in the environment, as in the AWS CLI.
            let around = ProviderConfig::without_region()
                .with_http_client(https(ProxyConfig::from_env()))
                .with_region(region.map(|region| Region::new(region.to_owned())));
            let named = ProfileFileCredentialsProvider::builder()
                .configure(&around)
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(named);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let cloud = Cloud::identify(loader.load().await, progress).await;
        let of_environment = std::env::var("AWS_PROFILE").ok();
        cloud.map_err(|error| match (profile, of_environment) {
            (Some(profile), _) => error.with_profile(profile),
            (None, Some(profile)) => error.with_profile(&profile),
            (None, None) => error,
        })
    }

    /// Connects to a local cloud. Nothing of the user's own AWS configuration is used, so that no
    /// call can go astray.
    pub async fn local(
        endpoint: &str,
        region: Option<&str>,
        progress: &Progress,
    ) -> Result<Cloud, Error> {
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.unwrap_or(LOCAL_REGION).to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(
                "test", "test", None,
            )))
            .endpoint_url(endpoint)
            .http_client(https(ProxyConfig::disabled()))
            .retry_config(retries())
            .timeout_config(timeouts())
            .build();
        Cloud::identify(sdk, progress).await
    }

    async fn identify(sdk: SdkConfig, progress: &Progress) -> Result<Cloud, Error> {
        let region = sdk.region().ok_or_else(Error::no_region)?.to_string();
        let mut cloud = Cloud {
            sdk,
            calls: CallLog::new(progress.clone()),
            account: String::new(),
            region,
            caller: String::new(),
        };
        // The first call: who has no network hears of it in seconds.
        let timeouts = timeouts().to_builder();
        let timeouts = timeouts.operation_attempt_timeout(Duration::from_secs(8));
        let config = aws_sdk_sts::config::Builder::from(&cloud.sdk)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .timeout_config(timeouts.build())
            .interceptor(cloud.calls.clone());
        let identity = aws_sdk_sts::Client::from_conf(config.build())
            .get_caller_identity()
            .send()
            .await
            .map_err(failed("find out which account this is"))?;
        cloud.account = identity.account.unwrap_or_default();
        cloud.caller = identity.arn.unwrap_or_default();
        Ok(cloud)
    }

    pub fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        let config = aws_sdk_cloudformation::config::Builder::from(&self.sdk);
        aws_sdk_cloudformation::Client::from_conf(config.interceptor(self.calls.clone()).build())
    }

    pub fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        let config = aws_sdk_cloudfront::config::Builder::from(&self.sdk);
        aws_sdk_cloudfront::Client::from_conf(config.interceptor(self.calls.clone()).build())
    }

    pub fn cognito(&self) -> aws_sdk_cognitoidentityprovider::Client {
        let config = aws_sdk_cognitoidentityprovider::config::Builder::from(&self.sdk);
        aws_sdk_cognitoidentityprovider::Client::from_conf(
            config.interceptor(self.calls.clone()).build(),
        )
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.sdk);
        aws_sdk_dynamodb::Client::from_conf(config.interceptor(self.calls.clone()).build())
    }

    pub fn iam(&self) -> aws_sdk_iam::Client {
        let config = aws_sdk_iam::config::Builder::from(&self.sdk);
        aws_sdk_iam::Client::from_conf(config.interceptor(self.calls.clone()).build())
    }

    pub fn lambda(&self) -> aws_sdk_lambda::Client {
        let config = aws_sdk_lambda::config::Builder::from(&self.sdk);
        aws_sdk_lambda::Client::from_conf(config.interceptor(self.calls.clone()).build())
    }

    pub fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        let config = aws_sdk_cloudwatchlogs::config::Builder::from(&self.sdk);
        aws_sdk_cloudwatchlogs::Client::from_conf(config.interceptor(self.calls.clone()).build())
    }

    pub fn sesv2(&self) -> aws_sdk_sesv2::Client {
        let config = aws_sdk_sesv2::config::Builder::from(&self.sdk);
        aws_sdk_sesv2::Client::from_conf(config.interceptor(self.calls.clone()).build())
    }

    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk)
            // Behind an endpoint of one's own, no bucket has a host name.
            .force_path_style(self.sdk.endpoint_url().is_some())
            .interceptor(self.calls.clone());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The index of all tags in one region.
    pub fn tags_in(&self, region: &str) -> aws_sdk_resourcegroupstagging::Client {
        let config = aws_sdk_resourcegroupstagging::config::Builder::from(&self.sdk)
            .region(Region::new(region.to_owned()))
            .interceptor(self.calls.clone());
        aws_sdk_resourcegroupstagging::Client::from_conf(config.build())
    }
}

/// ring instead of the default AWS-LC, which is C code that takes minutes to build.
fn https(proxy: ProxyConfig) -> SharedHttpClient {
    // As the SDK makes its own client: the plain builder knows no proxy.
    aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(proxy.clone())
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })
}

/// Exponential and jittered, some 50 s in all before an outage ends a deploy. Not the SDK's adaptive
/// mode: its rate limiter makes a deploy of 3 s take 13 s when a single call of it is throttled.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(10)
}

/// The budget of one call, all its attempts together.
const BUDGET: Duration = Duration::from_secs(180);

/// An upload that is slower than this, in bytes a second, is given up. Many go at once.
const SLOWEST: u64 = 8 * 1024;

/// For a call that sends so many bytes.
pub fn upload_timeouts(size: u64) -> TimeoutConfig {
    let patience = Duration::from_secs(60 + size / SLOWEST);
    TimeoutConfig::builder()
        .operation_attempt_timeout(patience)
        .operation_timeout(3 * patience)
        .build()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(60))
        .operation_timeout(BUDGET)
        .build()
}
