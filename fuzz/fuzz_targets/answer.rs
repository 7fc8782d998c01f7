//! What Cognito hands to the triggers unexamined: the person's answer, and the event around it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mlink_core::{Answer, Event, Next};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        answer(text);
    }
    if let Ok(value) = serde_json::from_slice(data) {
        event(&value);
    }
});

/// An answer has one spelling.
fn answer(text: &str) {
    match Answer::parse(text) {
        Some(Answer::Link(secret)) => assert_eq!(format!("link.{}", secret.reveal()), text),
        Some(Answer::Code(code)) => assert_eq!(format!("code.{}", code.reveal()), text),
        None => {}
    }
}

/// Whatever an event is, only rounds of ours lead to tokens, and nobody unknown has attributes.
fn event(value: &Value) {
    let event = Event::new(value);
    let _ = event.trigger();
    let session = event.session();
    if Next::after(&session) == Next::IssueTokens {
        assert!(session.iter().all(|round| round.custom));
        assert!(session.last().is_some_and(|round| round.passed));
    }
    if value.pointer("/request/userNotFound") == Some(&Value::Bool(true)) {
        assert_eq!((event.sub(), event.email()), (None, None));
    }
    for text in [event.sub(), event.email(), event.attempt()] {
        assert!(text.is_none_or(|text| !text.is_empty()));
    }
    if let Some(text) = event.answer() {
        answer(text);
    }
}
