//! What is no answer.

use serde_json::{Value, json};

use super::{Triggers, verdict};
use crate::trigger::verify;

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_answer_is_wrong_without_a_crash_and_without_a_call() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("malformed").await;
    let letter = triggers.stage.letter(&person).await;
    let (secret, code) = (&letter.secret, &letter.code);
    for answer in [
        json!(null),
        json!(7),
        json!(true),
        json!([letter.link()]),
        json!({"link": secret}),
        json!(""),
        json!("link."),
        json!("code."),
        json!(secret),
        json!(code),
        json!(format!("link2.{secret}")),
        json!(format!("LINK.{secret}")),
        json!(format!("link.{secret}=")),
        json!(format!("link.{secret}\n")),
        json!(format!(" link.{secret}")),
        json!(format!("link.+{}", &secret[1..])),
        json!(format!("link.{}\u{0}", &secret[1..])),
        json!(format!("link.é{}", &secret[2..])),
        json!(format!("code.{code}0")),
        json!(format!("code.+{}", &code[1..])),
        json!(format!("code.{}", &code[1..])),
        json!("link.".to_owned() + &"A".repeat(1 << 20)),
        json!("code.".to_owned() + &"1".repeat(1 << 20)),
        json!("\u{feff}".repeat(1 << 18)),
    ] {
        let shown = format!("{answer:.80}");
        let answered = triggers.verify(Some(&person), "malformed", answer).await;
        assert_eq!(answered, Ok(false), "{shown}");
    }
    assert!(triggers.wire.calls().is_empty());
    assert!(triggers.is_right(&person, "right", &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_anything_missing_is_wrong_without_a_crash() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("missing").await;
    let letter = triggers.stage.letter(&person).await;
    let whole = verify(Some(&person), "missing", letter.link());
    for path in [
        "/request",
        "/request/userAttributes",
        "/request/userAttributes/sub",
        "/request/userAttributes/email",
        "/request/privateChallengeParameters",
        "/request/privateChallengeParameters/attempt",
        "/request/challengeAnswer",
    ] {
        for nothing in [json!(null), json!(""), json!(0), json!([]), json!({})] {
            let mut event: Value = whole.clone();
            *event.pointer_mut(path).unwrap() = nothing.clone();
            let answered = verdict(triggers.function.invoke(event).await);
            assert_eq!(answered, Ok(false), "{path}: {nothing}");
        }
    }
    assert_eq!(verdict(triggers.function.invoke(whole).await), Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_none_of_ours_fails() {
    let triggers = Triggers::new().await;
    for event in [
        json!({}),
        json!(null),
        json!({"triggerSource": "PreSignUp_SignUp"}),
    ] {
        let error = triggers.function.invoke(event).await.unwrap_err();
        assert_eq!(error["errorType"], "ChallengeError");
    }
}
