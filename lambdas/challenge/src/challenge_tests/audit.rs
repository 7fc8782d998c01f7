//! What the log says of a sign-in: whose link or code, and whether it was good.

use super::*;

const LINK: &str = include_str!("../../events/verify.json");
const LINK_OF_NOBODY: &str = include_str!("../../events/verify-user-not-found.json");
const CODE: &str = include_str!("../../events/verify-code.json");
const CODE_OF_NOBODY: &str = include_str!("../../events/verify-code-user-not-found.json");

fn event(recorded: &str) -> Value {
    serde_json::from_str(recorded).unwrap()
}

/// The one line that an event leaves.
async fn line(challenge: &Challenge, event: Value) -> Value {
    log::written();
    response(challenge, event).await;
    let mut lines = log::written();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

fn about_alice(what: &str) -> Value {
    let address = key().mac(Label::Log, "alice@example.com");
    json!({ "level": "INFO", "message": what, "address": address })
}

/// A table whose code is the one in the event.
fn guessed() -> Rule {
    mock!(Client::update_item).then_output(|| {
        let code = mlink_core::Code::parse("00000042").unwrap();
        let mac = AttributeValue::S(code.mac(&key(), SUB));
        UpdateItemOutput::builder().attributes("mac", mac).build()
    })
}

#[tokio::test]
async fn a_used_link_or_code_is_logged_with_whose_it_is() {
    let used = line(&with_table(&consumed()), event(LINK)).await;
    assert_eq!(used, about_alice("link.used"));
    let used = line(&with_table(&guessed()), event(CODE)).await;
    assert_eq!(used, about_alice("code.used"));
}

#[tokio::test]
async fn a_refused_link_or_code_is_logged_with_whose_it_is() {
    let link = line(&with_table(&refused()), event(LINK)).await;
    assert_eq!(link, about_alice("link.refused"));
    let code = line(&with_table(&refused()), event(CODE)).await;
    assert_eq!(code, about_alice("code.refused"));
}

#[tokio::test]
async fn an_unknown_user_has_no_address_in_the_log() {
    for (recorded, what) in [
        (LINK_OF_NOBODY, "link.refused"),
        (CODE_OF_NOBODY, "code.refused"),
    ] {
        let line = line(&with_table(&refused()), event(recorded)).await;
        assert_eq!(line, json!({ "level": "INFO", "message": what }));
    }
}

#[tokio::test]
async fn what_is_mangled_is_refused_as_what_it_was_to_be() {
    for (answer, what) in [
        (json!("link.AAAA"), "link.refused"),
        (json!("code.1234"), "code.refused"),
        (json!("rubbish"), "link.refused"),
        (json!(null), "link.refused"),
    ] {
        let mut event = event(LINK);
        event["request"]["challengeAnswer"] = answer;
        assert_eq!(line(&without_table(), event).await, about_alice(what));
    }
}

/// So that its lines meet those of `api` and `mail`, who spell it so.
#[tokio::test]
async fn an_address_is_logged_in_its_one_spelling() {
    for (spelling, logged) in [
        ("Alice@Example.COM", "alice@example.com"),
        ("\u{ff21}lice@example.com", "alice@example.com"),
        ("\"Alice Q\"@Example.com", "\"alice q\"@example.com"),
    ] {
        let mut event = event(LINK);
        event["request"]["userAttributes"]["email"] = json!(spelling);
        let line = line(&with_table(&refused()), event).await;
        assert_eq!(line["address"], key().mac(Label::Log, logged), "{spelling}");
    }
}

#[tokio::test]
async fn no_line_holds_an_address_or_a_secret() {
    for (rule, recorded) in [(consumed(), LINK), (refused(), LINK), (guessed(), CODE)] {
        let event = event(recorded);
        let answer = event["request"]["challengeAnswer"].as_str().unwrap();
        let secret = answer.split_once('.').unwrap().1.to_owned();
        let line = line(&with_table(&rule), event).await.to_string();
        assert!(!line.contains("alice") && !line.contains(&secret), "{line}");
        assert!(!line.contains(SUB) && !line.contains(ATTEMPT), "{line}");
    }
}
