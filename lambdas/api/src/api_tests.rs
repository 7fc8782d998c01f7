//! The function against requests as API Gateway hands them over, in a [`World`] that listens.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use aws_sdk_sqs::operation::send_message::SendMessageError;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use lambda_runtime::Context;
use mlink_core::{Label, QueueMessage};
use mlink_runtime::{epoch_seconds, log};
use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::callers::Callers;
use crate::clients;
use crate::queue::MailQueue;
use world::*;

#[path = "api_tests/callers.rs"]
mod callers;
#[path = "api_tests/test_users.rs"]
mod test_users;
#[path = "api_tests/world.rs"]
mod world;

const MESSAGE: &str = "If that address has an account, a sign-in mail is on its way.";

macro_rules! event {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../events/", $name, ".json"))).unwrap()
    };
}

async fn answer(api: &Api, event: Value) -> Response {
    let mut context = Context::default();
    context.request_id = "7e3b6c1a".to_owned();
    let Ok(response) = api.answer(LambdaEvent::new(event, context)).await;
    assert_eq!(response.headers.cache_control, "no-store");
    response
}

/// Status, content type and body.
fn parts(response: &Response) -> (u16, &'static str, Value) {
    let body = serde_json::from_str(&response.body).unwrap();
    (response.status_code, response.headers.content_type, body)
}

fn a_login() -> Value {
    event!("login")
}

fn login_of(email: &str) -> Value {
    login_with(|event| event["body"] = json!(json!({ "email": email }).to_string()))
}

fn login_with(change: impl FnOnce(&mut Value)) -> Value {
    let mut event = event!("login");
    change(&mut event);
    event
}

#[tokio::test]
async fn a_login_is_queued_and_accepted() {
    let world = World::new();
    let response = world.answer(event!("login")).await;
    let expected = (202, "application/json", json!({ "message": MESSAGE }));
    assert_eq!(parts(&response), expected);
    assert_eq!(world.calls(), [1, 0, 0, 1]);

    let asked = world.asked.lock().unwrap();
    let input = &asked.messages[0];
    let message: QueueMessage = serde_json::from_str(input.message_body().unwrap()).unwrap();
    assert_eq!(input.queue_url(), Some("https://queue.example/mail"));
    assert_eq!(message.email, "alice@example.com");
    assert_eq!(message.request_id, "7e3b6c1a");
    assert!(epoch_seconds().abs_diff(message.at) < 60);
}

#[tokio::test]
async fn every_acceptance_is_the_same_byte_for_byte() {
    let refused = json!({ "refused": "disabled" });
    let marked = Setup {
        test_users: true,
        marked: Some("alice@example.com"),
        mail: Some(refused),
        ..Setup::default()
    };
    let unmarked = Setup {
        test_users: true,
        ..Setup::default()
    };
    for setup in [Setup::default(), unmarked, marked] {
        let world = World::with(setup);
        for email in ["alice@example.com", "Nobody@Elsewhere.example"] {
            let response = world.answer(login_of(email)).await;
            let whole = serde_json::to_string(&response).unwrap();
            let body = json!(json!({ "message": MESSAGE }).to_string());
            let expected = format!(
                r#"{{"statusCode":202,"headers":{{"content-type":"application/json","cache-control":"no-store","x-content-type-options":"nosniff"}},"body":{body}}}"#
            );
            assert_eq!(whole, expected, "{email}");
        }
    }
}

#[tokio::test]
async fn an_acceptance_is_logged_without_the_address() {
    let world = World::new();
    log::written();
    world.answer(event!("login")).await;
    let address = key().mac(Label::Log, "alice@example.com");
    let line = json!({
        "level": "INFO", "message": "link.requested", "address": address, "request_id": "7e3b6c1a"
    });
    assert_eq!(log::written(), [line]);
}

#[tokio::test]
async fn a_login_may_come_in_base64_and_with_a_charset() {
    let world = World::new();
    let event = login_with(|event| {
        event["headers"]["content-type"] = json!("Application/JSON; charset=utf-8");
        event["body"] = json!("eyJlbWFpbCI6ImFAYi5jbyJ9");
        event["isBase64Encoded"] = json!(true);
    });
    assert_eq!(world.answer(event).await.status_code, 202);
    let asked = world.asked.lock().unwrap();
    let body = asked.messages[0].message_body().unwrap();
    assert!(body.contains(r#""email":"a@b.co""#), "{body}");
}

#[tokio::test]
async fn a_bad_login_is_a_problem_and_asks_nobody() {
    let world = World::new();
    let long = format!(r#"{{"email":"a@b.co","x":"{}"}}"#, "x".repeat(1024));
    for body in [
        "",
        "null",
        "[]",
        "{",
        "{}",
        r#"{"email":null}"#,
        r#"{"email":["a@b.co"]}"#,
        r#"{"email":"alice"}"#,
        r#"{"email":"a@b.co\n"}"#,
        r#"{"email":"a@b.co, c@d.co"}"#,
        r#"{"email":"a@b.co","email":"c@d.co"}"#,
        long.as_str(),
    ] {
        let event = login_with(|event| event["body"] = json!(body));
        let (status, content_type, problem) = parts(&world.answer(event).await);
        let expected = (400, "application/problem+json");
        assert_eq!((status, content_type), expected, "{body:.60}");
        assert_eq!(problem["status"], 400);
    }
    for content_type in [json!(null), json!("text/plain"), json!("application/jsonx")] {
        let event = login_with(|event| event["headers"]["content-type"] = content_type);
        assert_eq!(world.answer(event).await.status_code, 400);
    }
    assert_eq!(world.calls(), [0, 0, 0, 0]);
}

#[tokio::test]
async fn a_queue_in_trouble_is_no_acceptance() {
    let down = mock!(aws_sdk_sqs::Client::send_message)
        .then_error(|| SendMessageError::unhandled("the queue is away"));
    let world = World::with(Setup {
        queue: vec![down],
        ..Setup::default()
    });
    let (status, content_type, _) = parts(&world.answer(event!("login")).await);
    assert_eq!((status, content_type), (503, "application/problem+json"));
}

/// With the client that `main` makes.
#[tokio::test(start_paused = true)]
async fn a_silent_queue_is_given_up_within_five_seconds() {
    let (sdk, network) = silence();
    let mut world = World::new();
    let url = "https://queue.example/mail".to_owned();
    world.api.login.queue = MailQueue::new(clients::sqs(&sdk), url);
    let begun = Instant::now();
    assert_eq!(world.answer(a_login()).await.status_code, 503);
    assert!(begun.elapsed() <= Duration::from_secs(5));
    assert!(network.num_calls() > 1, "it was not tried again");
}

#[tokio::test]
async fn who_comes_past_cloudfront_is_refused() {
    let world = World::new();
    for shown in [
        json!(null),
        json!(""),
        json!("the origin secret of this stag"),
        json!("the origin secret of this stage "),
        json!("The origin secret of this stage"),
    ] {
        for mut event in [event!("login"), event!("me")] {
            event["headers"]["x-mlink-origin"] = shown.clone();
            assert_eq!(world.answer(event).await.status_code, 403, "{shown}");
        }
    }
    assert_eq!(world.answer(json!({})).await.status_code, 403);
    assert_eq!(world.calls(), [0, 0, 0, 0]);
}

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    for route in [
        json!("GET /api/login"),
        json!("POST /api/me"),
        json!("$default"),
        json!(null),
    ] {
        let event = login_with(|event| event["routeKey"] = route);
        let (status, content_type, _) = parts(&World::new().answer(event).await);
        assert_eq!((status, content_type), (404, "application/problem+json"));
    }
}

#[tokio::test]
async fn me_is_who_the_id_token_says() {
    let (status, content_type, body) = parts(&World::new().answer(event!("me")).await);
    assert_eq!((status, content_type), (200, "application/json"));
    let sub = "62c5a4f4-60e1-70de-4b7c-0b5a3c1d2e3f";
    let expected = json!({ "sub": sub, "email": "alice@example.com", "name": "Alice" });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn me_without_a_name_says_so() {
    let mut event = event!("me");
    let claims = &mut event["requestContext"]["authorizer"]["jwt"]["claims"];
    claims.as_object_mut().unwrap().remove("name");
    let (_, _, body) = parts(&World::new().answer(event).await);
    assert_eq!(body["name"], Value::Null);
}

#[tokio::test]
async fn me_wants_an_id_token() {
    let mut access = event!("me");
    access["requestContext"]["authorizer"]["jwt"]["claims"]["token_use"] = json!("access");
    let mut none = event!("me");
    none["requestContext"]["authorizer"] = json!(null);
    for event in [access, none] {
        assert_eq!(World::new().answer(event).await.status_code, 401);
    }
}
