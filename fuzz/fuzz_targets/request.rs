//! What strangers send, and what is made of it: the body of a request, an address, the network
//! address of a caller, a message of the queue, an operation, a sender of the configuration.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mlink_core::{Caller, Email, LoginRequest, Operation, QueueMessage, Sender};

fuzz_target!(|data: &[u8]| {
    if let Ok(login) = serde_json::from_slice::<LoginRequest>(data) {
        email(&login.email);
    }
    if let Ok(message) = serde_json::from_slice::<QueueMessage>(data) {
        email(&message.email);
        let _ = message.is_stale(message.at);
    }
    if let Ok(operation) = serde_json::from_slice::<Operation>(data) {
        round_trip(&operation);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        email(text);
        caller(text);
        sender(text);
    }
});

/// An address is one, in one spelling, that no header and no list can be made of.
fn email(text: &str) {
    let Ok(email) = Email::parse(text) else {
        return;
    };
    let spelled = email.as_str();
    assert_eq!(Email::parse(spelled).as_ref(), Ok(&email));
    assert!(spelled.len() <= 254 && spelled.matches('@').count() == 1);
    let is_harmless = |byte: u8| byte.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&byte);
    assert!(spelled.bytes().all(is_harmless));
    assert!(!spelled.bytes().any(|byte| byte.is_ascii_uppercase()));
}

/// Whoever can be told apart is read back as the same caller.
fn caller(text: &str) {
    let caller = Caller::from_viewer_address(Some(text));
    let again = Caller::from_viewer_address(Some(&format!("{caller}:443")));
    assert_eq!(caller, again);
}

/// A sender makes one line of a header.
fn sender(text: &str) {
    if let Ok(sender) = text.parse::<Sender>() {
        assert!(!sender.header().contains(['\r', '\n']));
        assert!(sender.header().is_ascii());
    }
}

/// An operation is read as it was written.
fn round_trip(operation: &Operation) {
    let written = serde_json::to_string(operation).unwrap_or_default();
    let read = serde_json::from_str::<Operation>(&written);
    let again = read.map(|operation| serde_json::to_string(&operation).unwrap_or_default());
    assert_eq!(again.ok(), Some(written));
}
