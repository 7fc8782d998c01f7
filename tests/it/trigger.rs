//! Events as AWS sends them, made out of recorded ones.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::stage::Person;

macro_rules! recorded {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../lambdas/", $name, ".json")))
            .unwrap()
    };
}

/// The rounds of a session: the challenge's name, and whether it was answered rightly.
pub type Rounds<'a> = &'a [(&'a str, bool)];

pub const CUSTOM: &str = "CUSTOM_CHALLENGE";
pub const VIEWER: &str = "cloudfront-viewer-address";

/// `None` is a user whom the pool does not know.
pub fn define(who: Option<&Person>, rounds: Rounds) -> Value {
    let mut event = about(who, recorded!("challenge/events/define-first"));
    event["request"]["session"] = session(rounds);
    event
}

pub fn create(who: Option<&Person>) -> Value {
    about(who, recorded!("challenge/events/create"))
}

pub fn verify(who: Option<&Person>, attempt: &str, answer: impl Into<Value>) -> Value {
    let mut event = about(who, recorded!("challenge/events/verify"));
    event["request"]["privateChallengeParameters"] = json!({"attempt": attempt});
    event["request"]["challengeAnswer"] = answer.into();
    event
}

/// What the queue hands to `mail`; `received` counts how often it did so before, this one included.
pub fn batch(email: &str, request_id: &str, received: u32) -> Value {
    let mut event = recorded!("mail/events/batch");
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let body = json!({"email": email, "request_id": request_id, "at": at.as_secs()});
    let record = &mut event["Records"][0];
    record["body"] = body.to_string().into();
    record["attributes"]["ApproximateReceiveCount"] = received.to_string().into();
    event
}

/// `POST /api/login` as it comes from CloudFront.
pub fn login(origin: &str, body: &str) -> Value {
    let mut event = recorded!("api/events/login");
    event["headers"]["x-mlink-origin"] = origin.into();
    event["body"] = body.into();
    event
}

/// The same by another caller: address and port, as CloudFront writes them.
pub fn by(viewer: &str, mut login: Value) -> Value {
    login["headers"][VIEWER] = viewer.into();
    login
}

/// `GET /api/me`, with claims that the authorizer has verified.
pub fn me(origin: &str) -> Value {
    let mut event = recorded!("api/events/me");
    event["headers"]["x-mlink-origin"] = origin.into();
    event
}

fn session(rounds: Rounds) -> Value {
    let round = |(name, result): &(&str, bool)| json!({"challengeName": name, "challengeResult": result, "challengeMetadata": null});
    rounds.iter().map(round).collect()
}

fn about(who: Option<&Person>, mut event: Value) -> Value {
    let request = &mut event["request"];
    match who {
        Some(who) => {
            request["userAttributes"] =
                json!({"sub": who.sub, "email": who.email, "email_verified": "true"});
        }
        None => {
            request["userAttributes"] = json!({});
            request["userNotFound"] = true.into();
        }
    }
    event
}
