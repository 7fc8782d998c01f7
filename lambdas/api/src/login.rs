use mlink_core::{ACCEPTED, Caller, Email, Label, LoginRequest, MacKey, QueueMessage};
use mlink_runtime::{epoch_seconds, log};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::callers::{Callers, Count, TableError};
use crate::queue::{MailQueue, QueueError};
use crate::request::Request;
use crate::response::Response;
use crate::test_links::{TestLink, TestLinkError, TestLinks};

/// The longest body in bytes; an address takes a quarter of it.
const LONGEST_BODY: usize = 1024;

/// Where CloudFront writes who calls, over whatever the caller wrote there. `X-Forwarded-For` and its
/// like also hold what the caller made up, so they are not read.
const VIEWER: &str = "cloudfront-viewer-address";

/// `POST /api/login`, and everything that it takes.
pub struct Login {
    pub callers: Callers,
    /// Missing where the stage allows no test users; then nothing is asked about them.
    pub test_links: Option<TestLinks>,
    pub queue: MailQueue,
    pub key: MacKey,
}

/// How a request with an address ends, unless something is out of order.
enum Outcome {
    Accepted,
    /// Accepted for a test user, with the URL of the link.
    Given(String),
    /// The caller has asked too often; a new hour begins in so many seconds.
    Suppressed {
        retry_after: u64,
    },
}

#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    TestLink(#[from] TestLinkError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Login {
    /// Whether the address is anybody's is not known here, so nothing in the answer, nor the time
    /// it takes, can tell. Only the link of a test user shows that there is one.
    pub async fn answer(&self, request: &Request, request_id: &str) -> Response {
        let email = match address(request) {
            Ok(email) => email,
            Err(detail) => return Response::problem(400, "Bad request", &detail),
        };
        let caller = Caller::from_viewer_address(request.header(VIEWER));
        let outcome = self.accept(&email, caller, request_id).await;
        self.report(&outcome, &email, request_id);
        respond(outcome)
    }

    async fn accept(
        &self,
        email: &Email,
        caller: Caller,
        request_id: &str,
    ) -> Result<Outcome, Failure> {
        let at = epoch_seconds();
        if let Count::Beyond { retry_after } = self.callers.count(caller, at).await? {
            return Ok(Outcome::Suppressed { retry_after });
        }
        if let Some(test_links) = &self.test_links {
            match test_links.find(email).await? {
                TestLink::Made(url) => return Ok(Outcome::Given(url)),
                TestLink::Refused => return Ok(Outcome::Accepted),
                TestLink::NoTestUser => {}
            }
        }
        let message = QueueMessage {
            email: email.as_str().to_owned(),
            request_id: request_id.to_owned(),
            at,
        };
        self.queue.put(&message).await?;
        Ok(Outcome::Accepted)
    }

    fn report(&self, outcome: &Result<Outcome, Failure>, email: &Email, request_id: &str) {
        let id = ("request_id", request_id);
        match outcome {
            Ok(Outcome::Accepted | Outcome::Given(_)) => {
                let address = self.key.mac(Label::Log, email.as_str());
                log::info("link.requested", &[("address", &address), id]);
            }
            Ok(Outcome::Suppressed { .. }) => {
                log::info("link.suppressed", &[("reason", "caller"), id]);
            }
            Err(failure) => log::error("login.failed", &[("reason", &failure.to_string()), id]),
        }
    }
}

fn respond(outcome: Result<Outcome, Failure>) -> Response {
    match outcome {
        Ok(Outcome::Accepted) => Response::json(202, ACCEPTED),
        Ok(Outcome::Given(url)) => Response::json(202, accepted_with(url)),
        Ok(Outcome::Suppressed { retry_after }) => {
            let detail = "Too many sign-in mails were asked for from here. Please try again later.";
            Response::problem(429, "Too many requests", detail).retry_after(retry_after)
        }
        Err(_) => {
            let detail = "The sign-in service is out of order. Please try again in a minute.";
            Response::problem(503, "Service unavailable", detail)
        }
    }
}

/// The usual answer and a link beside it.
fn accepted_with(link: String) -> Value {
    // That it is a JSON object is tested where it stands.
    let mut body: Map<String, Value> = serde_json::from_str(ACCEPTED).unwrap_or_default();
    body.insert("link".to_owned(), link.into());
    body.into()
}

/// The address in the body, or what is wrong with the request.
fn address(request: &Request) -> Result<Email, String> {
    if !is_json(request.header("content-type").unwrap_or_default()) {
        return Err("the content type is not application/json".to_owned());
    }
    let body = request
        .body(LONGEST_BODY)
        .ok_or_else(|| format!("the body is longer than {LONGEST_BODY} bytes, or mangled"))?;
    let login: LoginRequest = serde_json::from_slice(&body)
        .map_err(|_| r#"the body is not of the form {"email":"…"}"#.to_owned())?;
    Email::parse(&login.email).map_err(|error| error.to_string())
}

/// `application/json` in any case, with or without parameters such as a charset.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
