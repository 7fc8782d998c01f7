use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::{EnvironmentError, optional, required};

/// The configuration of every client, from the environment that Lambda gives a function.
///
/// Lambda always sets region and credentials there, so nothing of what `aws-config` would also
/// try (profiles, web identity, instance metadata) is built in, loaded or asked.
pub fn sdk_config() -> Result<SdkConfig, EnvironmentError> {
    let credentials = Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        optional("AWS_SESSION_TOKEN"),
        None,
        "lambda",
    );
    let http_client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client);
    config.set_endpoint_url(optional("AWS_ENDPOINT_URL"));
    Ok(config.build())
}

/// An HTTP client that never uses a connection twice. A function is frozen between two events
/// and its idle connections die meanwhile; where a failed call may not simply be repeated,
/// a new connection is worth its handshake.
pub fn fresh_connections() -> SharedHttpClient {
    Builder::new()
        .pool_max_idle_per_host(0)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}
