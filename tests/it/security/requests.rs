//! What the page's API lets through, and what it lets be known.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Person, Stage};
use crate::world::request;

/// Headers that the local cloud makes anew for each answer, as CloudFront
/// and API Gateway do.
const OF_THE_ANSWER: [&str; 4] = ["apigw-requestid", "date", "via", "x-amz-cf-id"];

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub async fn to(request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let headers = answer.headers().iter();
        let kept = headers.filter(|(name, _)| !OF_THE_ANSWER.contains(&name.as_str()));
        Answer {
            status: answer.status().as_u16(),
            headers: kept
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: answer.text().await.unwrap(),
        }
    }
}

/// A refused caller's answer without the time that is left, which is one that can be.
pub fn without_retry_after(mut answer: Answer) -> Answer {
    let seconds = answer.headers.remove("retry-after").unwrap();
    assert!((1..=3600).contains(&seconds.parse().unwrap()), "{seconds}");
    answer
}

fn login(stage: &Stage) -> reqwest::RequestBuilder {
    request(Method::POST, stage.url(), "/api/login")
}

pub async fn ask(stage: &Stage, email: &str) -> Answer {
    Answer::to(login(stage).json(&json!({"email": email}))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn known_unknown_disabled_and_unconfirmed_are_answered_alike_byte_for_byte() {
    let stage = Stage::shared().await;
    let Person { email: known, .. } = stage.user("alike").await;
    let Person {
        email: disabled, ..
    } = stage.user("shut-out").await;
    stage
        .world
        .json(&format!("user disable {disabled} --local"));
    let unconfirmed = stage.unconfirmed("unconfirmed").await;
    let unknown = "unknown@example.com".to_owned();
    stage.keep_address(&unknown);

    let expected = ask(&stage, &known).await;
    assert_eq!(expected.status, 202);
    for email in [unknown, disabled, unconfirmed, known.to_uppercase()] {
        assert_eq!(ask(&stage, &email).await, expected, "{email}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_past_cloudfront_is_refused() {
    let stage = Stage::shared().await;
    let person = stage.user("direct").await;
    let url = format!("{}/api/login", stage.output("ApiUrl"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = || client.post(&url).json(&json!({"email": person.email}));
    for request in [
        post(),
        post().header("x-mlink-origin", ""),
        post().header("x-mlink-origin", "guess"),
        post().header("x-mlink-origin", "A".repeat(43)),
        post().header("cloudfront-viewer-address", "198.51.100.10:1"),
    ] {
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_refused_and_not_repeated() {
    let stage = Stage::shared().await;
    for wrong in [
        "",
        "nobody",
        "a@b.example,c@d.example",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example ",
        "\"a\"@b.example",
        "Alice <a@b.example>",
        "<script>@b.example",
        "a@[127.0.0.1]",
    ] {
        let answer = ask(&stage, wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(wrong.is_empty() || !answer.body.contains(wrong), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_more_than_a_kibibyte_is_refused() {
    let stage = Stage::shared().await;
    let body = |length: usize| {
        let padding = " ".repeat(length - r#"{"email":"padded@example.com"}"#.len());
        format!(r#"{{"email":"padded@example.com"{padding}}}"#)
    };
    stage.keep_address("padded@example.com");
    for (length, status) in [(1024, 202), (1025, 400), (1 << 20, 400)] {
        let sent = login(&stage).header("content-type", "application/json");
        let answer = Answer::to(sent.body(body(length))).await;
        assert_eq!(answer.status, status, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_taken() {
    let stage = Stage::shared().await;
    let body = r#"{"email":"typed@example.com"}"#;
    stage.keep_address("typed@example.com");
    for (content_type, status) in [
        ("application/json", 202),
        ("Application/JSON; charset=utf-8", 202),
        // What a page of somebody else's can send without asking first.
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        ("multipart/form-data; boundary=x", 400),
        ("text/plain; application/json", 400),
        ("application/jsonp", 400),
    ] {
        let sent = login(&stage).header("content-type", content_type);
        let answer = Answer::to(sent.body(body)).await;
        assert_eq!(answer.status, status, "{content_type}");
    }
    for wrong in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"email":null}"#,
        r#"{"email":["a@b.example"]}"#,
    ] {
        let sent = login(&stage).header("content-type", "application/json");
        let answer = Answer::to(sent.body(wrong)).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_missing_forged_or_of_the_wrong_kind_opens_nothing() {
    let stage = Stage::shared().await;
    let me = |token: &str| request(Method::GET, stage.url(), "/api/me").bearer_auth(token);
    // {"alg":"none"} and {"token_use":"id","sub":"x","email":"x"}, unsigned.
    let unsigned = "eyJhbGciOiJub25lIn0.eyJ0b2tlbl91c2UiOiJpZCIsInN1YiI6IngiLCJlbWFpbCI6IngifQ.";
    for token in ["", "x", unsigned] {
        let answer = Answer::to(me(token)).await;
        assert_eq!(answer.status, 401, "{token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_never_stored_by_anybody_on_the_way() {
    let stage = Stage::shared().await;
    stage.keep_address("stored@example.com");
    for email in ["stored@example.com", "nobody"] {
        let answer = ask(&stage, email).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_the_caller_made_up_change_nothing() {
    let stage = Stage::shared().await;
    stage.keep_address("forged@example.com");
    let body: Value = json!({"email": "forged@example.com"});
    let expected = ask(&stage, "forged@example.com").await;
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.10"),
        ("forwarded", "for=198.51.100.10"),
        ("x-real-ip", "198.51.100.10"),
        ("x-mlink-origin", "guess"),
        ("x-forwarded-host", "evil.example"),
        ("origin", "https://evil.example"),
    ] {
        let sent = login(&stage).header(name, value).json(&body);
        assert_eq!(Answer::to(sent).await, expected, "{name}");
    }
}
