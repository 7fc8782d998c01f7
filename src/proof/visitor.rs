//! Reaches the site as a browser does: under its own name, through its distribution.

use std::time::Duration;

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::net::lookup_host;

use super::{Error, Fault, Subject};
use crate::aws::failed;
use crate::event::Progress;

/// The API itself takes up to 20 seconds.
const PATIENCE: Duration = Duration::from_secs(25);
const CONNECT: Duration = Duration::from_secs(5);

/// A visitor of the site. Follows no redirect: what it asks for is where it should be.
pub struct Visitor {
    pub(super) connector: SharedHttpConnector,
    /// Without a slash at the end.
    pub(super) site: String,
}

/// An answer.
pub struct Seen {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Visitor {
    pub async fn of(subject: &Subject<'_>, progress: &Progress) -> Result<Visitor, Error> {
        let site = subject.stack.output("SiteUrl")?.to_owned();
        let host = host(&site)?;
        let (leads_to, proxy) = match subject.local_endpoint {
            // Only browsers know that every name under localhost is this machine.
            Some(endpoint) => (self::host(endpoint)?, ProxyConfig::disabled()),
            None if has_domain(subject) => {
                let distribution = distribution(subject).await?;
                warn_without_dns(&host, &distribution, progress).await;
                (distribution, ProxyConfig::from_env())
            }
            None => (host.clone(), ProxyConfig::from_env()),
        };
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT)
            .read_timeout(PATIENCE);
        let connector = Connector::builder()
            .proxy_config(proxy)
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .connector_settings(settings.build())
            .build_with_resolver(Signpost { host, leads_to });
        Ok(Visitor {
            connector: SharedHttpConnector::new(connector),
            site,
        })
    }

    pub async fn get(&self, path: &str) -> Result<Seen, Fault> {
        self.send("GET", path, SdkBody::empty()).await
    }

    pub async fn post_json(&self, path: &str, json: &'static str) -> Result<Seen, Fault> {
        self.send("POST", path, SdkBody::from(json)).await
    }

    /// The address of a path, for messages.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site)
    }

    async fn send(&self, method: &str, path: &str, body: SdkBody) -> Result<Seen, Fault> {
        let url = self.url(path);
        let silent = |why: String| Fault {
            seen: format!("{method} {url} got no answer: {why}"),
            help: "Check the network and the proxy settings; then deploy again.".to_owned(),
            passing: true,
        };
        let mut request = HttpRequest::new(body);
        let worded = request
            .set_method(method)
            .map_err(|error| error.to_string());
        worded.map_err(silent)?;
        let worded = request
            .set_uri(url.as_str())
            .map_err(|error| error.to_string());
        worded.map_err(silent)?;
        request.headers_mut().insert("user-agent", "mlink");
        if method == "POST" {
            request
                .headers_mut()
                .insert("content-type", "application/json");
        }
        let answer = self.connector.call(request).await;
        let answer = answer.map_err(|error| silent(innermost(&error)))?;
        let status = answer.status().as_u16();
        let content_type = answer.headers().get("content-type").unwrap_or_default();
        let content_type = content_type.to_owned();
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|error| silent(innermost(&error)))?.to_vec();
        Ok(Seen {
            status,
            content_type,
            body,
        })
    }
}

/// The outer errors only say that the request failed.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn host(url: &str) -> Result<String, Error> {
    let host = reqwest::Url::parse(url).ok();
    let host = host.and_then(|url| url.host_str().map(str::to_owned));
    host.ok_or_else(|| Error::Url {
        url: url.to_owned(),
    })
}

fn has_domain(subject: &Subject<'_>) -> bool {
    let domain = subject.stack.parameters.get("DomainName");
    domain.is_some_and(|domain| !domain.is_empty())
}

/// The name that CloudFront gave the distribution. A domain of one's own may lead there only when it is
/// known, or still lead to what this stage is to take the place of.
async fn distribution(subject: &Subject<'_>) -> Result<String, Error> {
    let id = subject.stack.output("DistributionId")?;
    let request = subject.cloud.cloudfront().get_distribution().id(id);
    let found = request.send().await;
    let found = found.map_err(failed(format!("look at the distribution {id}")))?;
    let name = found.distribution.map(|found| found.domain_name);
    Ok(name.unwrap_or_default())
}

async fn warn_without_dns(domain: &str, distribution: &str, progress: &Progress) {
    if lookup_host((domain, 443)).await.is_err() {
        progress.warn(format!(
            "{domain} leads nowhere yet: make a CNAME record (or an ALIAS) of it, to {distribution}"
        ));
    }
}

/// Sends one name to where another leads.
#[derive(Clone, Debug)]
struct Signpost {
    host: String,
    leads_to: String,
}

impl ResolveDns for Signpost {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        // A proxy's name is another.
        let name = if name == self.host {
            &self.leads_to
        } else {
            name
        };
        DnsFuture::new(async move {
            let found = lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_site_is_led_elsewhere() {
        let signpost = Signpost {
            host: "login.acme.example".to_owned(),
            leads_to: "127.0.0.2".to_owned(),
        };
        let led = signpost.resolve_dns("login.acme.example").await.unwrap();
        assert_eq!(led[0].to_string(), "127.0.0.2");
        let proxy = signpost.resolve_dns("127.0.0.3").await.unwrap();
        assert_eq!(proxy[0].to_string(), "127.0.0.3");
    }
}
