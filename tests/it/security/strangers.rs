//! Nobody learns from the triggers who has an account.

use serde_json::Value;

use super::Triggers;
use crate::stage::Person;
use crate::trigger::{CUSTOM, create, define};
use crate::wire::Call;

/// What a call to the table is without the values in it.
fn shape(call: Call) -> (String, Value) {
    let mut body = call.body;
    for part in ["Key", "ExpressionAttributeValues"] {
        for (_, value) in body[part].as_object_mut().unwrap() {
            for (_, value) in value.as_object_mut().unwrap() {
                value.take();
            }
        }
    }
    (call.action, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_goes_the_same_way_as_a_known_one_who_answers_wrongly() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("known").await;
    let letter = triggers.stage.letter(&person).await;
    let not_it = "A".repeat(43);
    let answers = [
        format!("link.{not_it}"),
        letter.wrong_code(1),
        "x".to_owned(),
    ];

    let mut seen = Vec::new();
    for who in [Some(&person), None] {
        let mut said = Vec::new();
        for rounds in [&[][..], &[(CUSTOM, false)], &[(CUSTOM, false); 3]] {
            said.push(triggers.ask(define(who, rounds)).await);
        }
        let mut challenge = triggers.ask(create(who)).await.unwrap();
        let attempt = challenge["privateChallengeParameters"]["attempt"].take();
        said.push(Ok(challenge));
        let attempt = attempt.as_str().unwrap();
        assert_eq!(attempt.len(), 43);
        for answer in &answers {
            let answered = triggers.verify(who, attempt, answer.as_str()).await;
            said.push(answered.map(Value::from).map_err(Value::from));
        }
        let calls: Vec<_> = triggers.wire.calls().into_iter().map(shape).collect();
        assert_eq!(calls.len(), 2, "one for the link, one for the code");
        seen.push((said, calls));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_an_account_is_no_key_to_an_unknown_one() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("owner").await;
    let letter = triggers.stage.letter(&person).await;
    let answer = |link: bool| if link { letter.link() } else { letter.code() };
    for link in [true, false] {
        let unknown = triggers.verify(None, "unknown", answer(link)).await;
        assert_eq!(unknown, Ok(false));
        // Attributes beside `userNotFound` count for nothing.
        let mut event = crate::trigger::verify(Some(&person), "unknown", answer(link));
        event["request"]["userNotFound"] = true.into();
        assert_eq!(
            super::verdict(triggers.function.invoke(event).await),
            Ok(false)
        );
    }
    assert!(triggers.is_right(&person, "owner", &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_tells_nothing_about_the_user() {
    let triggers = Triggers::new().await;
    let person: Person = triggers.stage.user("public").await;
    let challenge = triggers.ask(create(Some(&person))).await.unwrap();
    assert_eq!(
        challenge["publicChallengeParameters"],
        serde_json::json!({})
    );
    let again = triggers.ask(create(Some(&person))).await.unwrap();
    assert_ne!(
        challenge["privateChallengeParameters"]["attempt"],
        again["privateChallengeParameters"]["attempt"]
    );
}
