use mlink_core::{ACCEPTED, Email, LoginRequest, QueueMessage};
use mlink_runtime::{epoch_seconds, log};

use crate::queue::MailQueue;
use crate::request::Request;
use crate::response::Response;

/// The longest body in bytes; an address takes a quarter of it.
const LONGEST_BODY: usize = 1024;

/// Puts a well-formed request on the queue. Whether the address is anybody's is not known here, so
/// nothing in the answer, nor the time it takes, can tell.
pub async fn login(request: &Request, request_id: &str, queue: &MailQueue) -> Response {
    let email = match address(request) {
        Ok(email) => email,
        Err(detail) => return Response::problem(400, "Bad request", &detail),
    };
    let message = QueueMessage {
        email: email.as_str().to_owned(),
        request_id: request_id.to_owned(),
        at: epoch_seconds(),
    };
    match queue.put(&message).await {
        Ok(()) => {
            log::info("login_accepted", &[("request_id", request_id)]);
            Response::json(202, ACCEPTED)
        }
        Err(error) => {
            let reason = error.to_string();
            let fields = [("request_id", request_id), ("reason", &reason)];
            log::error("login_not_queued", &fields);
            let detail = "The sign-in service is out of order. Please try again in a minute.";
            Response::problem(503, "Service unavailable", detail)
        }
    }
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
