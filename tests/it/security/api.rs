//! The function behind the page's API, where the local cloud cannot show it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::UPDATE;
use crate::function::Function;
use crate::stage::Stage;
use crate::trigger::{login, me};
use crate::wire::{Call, Fault, Wire};

const PUT: &str = "sqs:SendMessage";

/// The API of the shared stage, in a process of the test's own.
pub struct Api {
    pub stage: Arc<Stage>,
    pub wire: Wire,
    pub function: Function,
    pub origin: String,
}

impl Api {
    pub async fn new() -> Api {
        Api::with(&[]).await
    }

    /// With other limits than those of the stage.
    pub async fn with(variables: &[(&str, &str)]) -> Api {
        let stage = Stage::shared().await;
        let wire = Wire::to(&stage.endpoint).await;
        let function = stage.function_with("api", &wire, variables).await;
        let origin = stage.variables("api").await["ORIGIN_SECRET"].clone();
        Api {
            stage,
            wire,
            function,
            origin,
        }
    }

    pub fn login(&self, email: &str) -> Value {
        self.stage.keep_address(email);
        login(&self.origin, &json!({"email": email}).to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_costs_the_same_calls_whoever_it_is_for() {
    let api = Api::new().await;
    let known = api.stage.user("costs").await.email;
    let disabled = api.stage.user("costs-disabled").await.email;
    let disable = format!("user disable {disabled} --local");
    api.stage.world.json(&disable);
    let unconfirmed = api.stage.unconfirmed("costs-unconfirmed").await;
    let mut seen = Vec::new();
    // The second time an address may be throttled; that is not decided here.
    for email in [
        &*known,
        "alien@example.com",
        &disabled,
        &unconfirmed,
        &known,
    ] {
        let answer = api.function.invoke(api.login(email)).await.unwrap();
        assert_eq!(answer["statusCode"], 202);
        seen.push((answer, api.wire.actions()));
    }
    let calls = [UPDATE, "dynamodb:GetItem", PUT];
    assert_eq!(seen[0].1, calls);
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_in_trouble_is_an_answer_that_names_nobody() {
    let api = Api::new().await;
    let known = api.stage.user("queue").await.email;
    let mut seen = Vec::new();
    for email in [&*known, "queueless@example.com"] {
        api.wire.fault(PUT, Fault::Broken, 3);
        let answer = api.function.invoke(api.login(email)).await.unwrap();
        assert_eq!(answer["statusCode"], 503);
        let actions: Vec<String> = api.wire.actions();
        seen.push((answer, actions));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_origin_secret_opens_the_api_and_nothing_is_called_before() {
    let api = Api::new().await;
    let shorter = &api.origin[1..];
    let longer = format!("{}A", api.origin);
    for wrong in ["", "guess", shorter, &longer, &api.origin.to_lowercase()] {
        for mut event in [login(wrong, r#"{"email":"a@b.example"}"#), me(wrong)] {
            let answer = api.function.invoke(event.clone()).await.unwrap();
            assert_eq!(answer["statusCode"], 403);
            event["headers"] = Value::Null;
            let answer = api.function.invoke(event).await.unwrap();
            assert_eq!(answer["statusCode"], 403);
        }
    }
    let calls: Vec<Call> = api.wire.calls();
    assert!(calls.is_empty(), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_anything_missing_is_refused_without_a_crash() {
    let api = Api::new().await;
    let whole = login(&api.origin, r#"{"email":"a@b.example"}"#);
    for path in ["/routeKey", "/headers", "/headers/content-type", "/body"] {
        for nothing in [json!(null), json!(""), json!(0), json!([]), json!({})] {
            let mut event = whole.clone();
            *event.pointer_mut(path).unwrap() = nothing.clone();
            let answer = api.function.invoke(event).await.unwrap();
            let status = answer["statusCode"].as_u64().unwrap();
            assert!((400..=404).contains(&status), "{path}: {nothing}");
        }
    }
    for body in ["%%%", "eyJ", "e30=", &"A".repeat(1 << 20)] {
        let mut event = login(&api.origin, body);
        event["isBase64Encoded"] = true.into();
        let answer = api.function.invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 400);
    }
    assert!(api.wire.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_does_not_say_who_somebody_is() {
    let api = Api::new().await;
    for (name, value) in [
        ("token_use", "access"),
        ("token_use", ""),
        ("sub", ""),
        ("email", ""),
    ] {
        let mut event = me(&api.origin);
        let claims = &mut event["requestContext"]["authorizer"]["jwt"]["claims"];
        claims[name] = match value {
            "" => Value::Null,
            value => value.into(),
        };
        let answer = api.function.invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 401, "{name}: {value}");
    }
}
