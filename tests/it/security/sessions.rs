//! Which rounds of a sign-in lead to tokens.

use serde_json::json;

use super::Triggers;
use crate::trigger::{CUSTOM, define};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_begins_with_srp_a_gets_no_tokens() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("srp").await;
    let challenge = json!({
        "challengeName": CUSTOM, "issueTokens": false, "failAuthentication": false
    });
    for rounds in [
        &[("SRP_A", true)][..],
        &[("SRP_A", true), (CUSTOM, true)],
        &[("SRP_A", true), ("PASSWORD_VERIFIER", true)],
        &[(CUSTOM, true), ("PASSWORD_VERIFIER", true)],
        &[("custom_challenge", true)],
        &[("", true)],
    ] {
        let next = triggers.ask(define(Some(&person), rounds)).await;
        assert_eq!(next.unwrap(), challenge, "{rounds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_answers_end_a_sign_in() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("three").await;
    let fail = json!({"issueTokens": false, "failAuthentication": true});
    let wrong = [(CUSTOM, false); 3];
    let right_too_late = [
        (CUSTOM, false),
        (CUSTOM, false),
        (CUSTOM, false),
        (CUSTOM, true),
    ];
    for rounds in [&wrong[..], &right_too_late] {
        let next = triggers.ask(define(Some(&person), rounds)).await;
        assert_eq!(next.unwrap(), fail, "{rounds:?}");
    }
    for rounds in [&wrong[..1], &wrong[..2]] {
        let next = triggers.ask(define(Some(&person), rounds)).await.unwrap();
        assert_eq!(next["challengeName"], CUSTOM, "{rounds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_session_gets_tokens_than_one_of_our_rounds_that_ends_well() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("sessions").await;
    let kinds = [
        (CUSTOM, true),
        (CUSTOM, false),
        ("SRP_A", true),
        ("PASSWORD_VERIFIER", false),
    ];
    let mut sessions = vec![vec![]];
    // Every session of up to four rounds.
    for begun in 0..1 + 4 + 16 + 64 {
        for kind in kinds {
            let mut session: Vec<(&str, bool)> = sessions[begun].clone();
            session.push(kind);
            sessions.push(session);
        }
    }
    assert_eq!(sessions.len(), 1 + 4 + 16 + 64 + 256);
    for rounds in sessions {
        let next = triggers.ask(define(Some(&person), &rounds)).await.unwrap();
        let ours = rounds.iter().all(|(name, _)| *name == CUSTOM);
        let ends_well = rounds.last().is_some_and(|(_, right)| *right);
        let wrong = rounds.iter().filter(|(_, right)| !right).count();
        assert_eq!(
            next["issueTokens"],
            ours && ends_well && wrong < 3,
            "{rounds:?}"
        );
        assert_eq!(next["failAuthentication"], wrong >= 3, "{rounds:?}");
    }
    assert!(triggers.wire.calls().is_empty());
}
