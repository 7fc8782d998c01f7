//! For tests: a cloud that answers as the test says, and remembers what it was asked, in order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};

use super::Cloud;
use super::calls::CallLog;
use crate::event::Progress;

/// An answer: the status, its content type and its body.
pub type Answer = (u16, &'static str, String);

/// What was asked so far, as `PUT /bucket/key if-match "etag"` or `POST / CognitoService.ListUsers`.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    lines: Arc<Mutex<Vec<String>>>,
    under_way: Arc<Mutex<(usize, usize)>>,
}

impl Asked {
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The most requests that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.under_way.lock().unwrap().1
    }

    fn begin(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
        let mut under_way = self.under_way.lock().unwrap();
        under_way.0 += 1;
        under_way.1 = under_way.1.max(under_way.0);
    }

    fn end(&self) {
        self.under_way.lock().unwrap().0 -= 1;
    }
}

type Answers = Arc<dyn Fn(&str, &str) -> Answer + Send + Sync>;

/// Answers a request by its line and its body.
#[derive(Clone)]
pub struct Double {
    answers: Answers,
    pub asked: Asked,
}

impl std::fmt::Debug for Double {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Double")
    }
}

impl Double {
    pub fn new(answers: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Double {
        Double {
            answers: Arc::new(answers),
            asked: Asked::default(),
        }
    }

    pub fn connector(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    pub fn cloud(&self) -> Cloud {
        let connector = self.connector();
        let keys = Credentials::from_keys("test", "test", None);
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .endpoint_url("http://aws.example")
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        Cloud {
            sdk,
            calls: CallLog::new(Progress::silent()),
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            caller: "arn:aws:iam::123456789012:user/ada".to_owned(),
        }
    }
}

impl HttpConnector for Double {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let double = self.clone();
        HttpConnectorFuture::new(async move {
            let header = |name| request.headers().get(name);
            let uri = request.uri().trim_start_matches("http://aws.example");
            let mut line = format!("{} {uri}", request.method());
            line.extend(header("x-amz-target").map(|target| format!(" {target}")));
            for condition in ["if-match", "if-none-match"] {
                line.extend(header(condition).map(|etag| format!(" {condition} {etag}")));
            }
            double.asked.begin(&line);
            // Long enough for others to begin; the tests' clock is paused.
            tokio::time::sleep(Duration::from_millis(10)).await;
            let body = request.body().bytes().unwrap_or_default();
            let body = String::from_utf8_lossy(body).into_owned();
            let (status, content_type, answer) = (double.answers)(&line, &body);
            double.asked.end();
            let status = status.try_into().unwrap();
            // The answer to a HEAD has no body: what is given as one is its ETag.
            let etag = (request.method() == "HEAD").then(|| format!("\"{answer}\""));
            let mut response = HttpResponse::new(status, SdkBody::from(answer));
            if let Some(etag) = etag {
                response.headers_mut().insert("etag", etag);
            }
            response.headers_mut().insert("content-type", content_type);
            Ok(response)
        })
    }
}
