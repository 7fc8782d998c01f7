//! The function against requests as API Gateway hands them over, and a queue that listens.

use std::sync::{Arc, Mutex};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::send_message::{SendMessageError, SendMessageInput, SendMessageOutput};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use lambda_runtime::Context;
use mlink_core::QueueMessage;
use mlink_runtime::epoch_seconds;
use serde_json::json;

use super::*;

macro_rules! event {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../events/", $name, ".json"))).unwrap()
    };
}

type Sent = Arc<Mutex<Vec<SendMessageInput>>>;

fn api(rules: &[&Rule]) -> Api {
    let client = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, rules);
    let queue = MailQueue::new(client, "https://queue.example/mail".to_owned());
    Api::new(
        queue,
        OriginSecret::new("the origin secret of this stage".to_owned()),
    )
}

/// An API with a queue that takes everything, and what it took.
fn listening() -> (Api, Sent) {
    let sent = Sent::default();
    let seen = Arc::clone(&sent);
    let rule = mock!(Client::send_message)
        .match_requests(move |input| {
            seen.lock().unwrap().push(input.clone());
            true
        })
        .then_output(|| SendMessageOutput::builder().build());
    (api(&[&rule]), sent)
}

async fn answer(api: &Api, event: Value) -> (u16, &'static str, Value) {
    let mut context = Context::default();
    context.request_id = "7e3b6c1a".to_owned();
    let Ok(response) = api.answer(LambdaEvent::new(event, context)).await;
    assert_eq!(response.headers.cache_control, "no-store");
    let body = serde_json::from_str(&response.body).unwrap();
    (response.status_code, response.headers.content_type, body)
}

fn login_with(change: impl FnOnce(&mut Value)) -> Value {
    let mut event = event!("login");
    change(&mut event);
    event
}

#[tokio::test]
async fn a_login_is_queued_and_accepted() {
    let (api, sent) = listening();
    let (status, content_type, body) = answer(&api, event!("login")).await;
    assert_eq!((status, content_type), (202, "application/json"));
    let message = "If that address has an account, a sign-in mail is on its way.";
    assert_eq!(body, json!({ "message": message }));

    let sent = sent.lock().unwrap();
    let [input] = sent.as_slice() else {
        panic!("{} messages", sent.len());
    };
    let message: QueueMessage = serde_json::from_str(input.message_body().unwrap()).unwrap();
    assert_eq!(input.queue_url(), Some("https://queue.example/mail"));
    assert_eq!(message.email, "alice@example.com");
    assert_eq!(message.request_id, "7e3b6c1a");
    assert!(epoch_seconds().abs_diff(message.at) < 60);
}

#[tokio::test]
async fn a_login_may_come_in_base64_and_with_a_charset() {
    let (api, sent) = listening();
    let event = login_with(|event| {
        event["headers"]["content-type"] = json!("Application/JSON; charset=utf-8");
        event["body"] = json!("eyJlbWFpbCI6ImFAYi5jbyJ9");
        event["isBase64Encoded"] = json!(true);
    });
    assert_eq!(answer(&api, event).await.0, 202);
    let body = sent.lock().unwrap()[0].message_body().unwrap().to_owned();
    assert!(body.contains(r#""email":"a@b.co""#), "{body}");
}

#[tokio::test]
async fn a_bad_login_is_a_problem_and_queues_nothing() {
    let (api, sent) = listening();
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
        let (status, content_type, problem) = answer(&api, event).await;
        assert_eq!(
            (status, content_type),
            (400, "application/problem+json"),
            "{body:.60}"
        );
        assert_eq!(problem["status"], 400);
    }
    for content_type in [json!(null), json!("text/plain"), json!("application/jsonx")] {
        let event = login_with(|event| event["headers"]["content-type"] = content_type);
        assert_eq!(answer(&api, event).await.0, 400);
    }
    assert!(sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_queue_in_trouble_is_no_acceptance() {
    let down =
        mock!(Client::send_message).then_error(|| SendMessageError::unhandled("the queue is away"));
    let (status, content_type, _) = answer(&api(&[&down]), event!("login")).await;
    assert_eq!((status, content_type), (503, "application/problem+json"));
}

#[tokio::test]
async fn who_comes_past_cloudfront_is_refused() {
    let (api, sent) = listening();
    for shown in [
        json!(null),
        json!(""),
        json!("the origin secret of this stag"),
        json!("the origin secret of this stage "),
        json!("The origin secret of this stage"),
    ] {
        for mut event in [event!("login"), event!("me")] {
            event["headers"]["x-mlink-origin"] = shown.clone();
            assert_eq!(answer(&api, event).await.0, 403, "{shown}");
        }
    }
    assert_eq!(answer(&api, json!({})).await.0, 403);
    assert!(sent.lock().unwrap().is_empty());
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
        let (status, content_type, _) = answer(&api(&[]), event).await;
        assert_eq!((status, content_type), (404, "application/problem+json"));
    }
}

#[tokio::test]
async fn me_is_who_the_id_token_says() {
    let (status, content_type, body) = answer(&api(&[]), event!("me")).await;
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
    let (_, _, body) = answer(&api(&[]), event).await;
    assert_eq!(body["name"], Value::Null);
}

#[tokio::test]
async fn me_wants_an_id_token() {
    let mut access = event!("me");
    access["requestContext"]["authorizer"]["jwt"]["claims"]["token_use"] = json!("access");
    let mut none = event!("me");
    none["requestContext"]["authorizer"] = json!(null);
    for event in [access, none] {
        assert_eq!(answer(&api(&[]), event).await.0, 401);
    }
}
