//! A table in trouble: the answer is right or unknown, never a wrong "wrong".

use super::{Triggers, UPDATE};
use crate::wire::Fault;

const FAULTS: [(&str, Fault, &str); 3] = [
    (
        "throttled",
        Fault::Throttled,
        "the link table did not answer: ProvisionedThroughputExceededException",
    ),
    (
        "broken",
        Fault::Broken,
        "the link table did not answer: InternalServerError",
    ),
    (
        "cut",
        Fault::Cut,
        "the link table did not answer: NoConnection",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_is_not_noticed() {
    let triggers = Triggers::new().await;
    for (name, fault, _) in FAULTS {
        let person = triggers.stage.user(&format!("passing-{name}")).await;
        let letter = triggers.stage.letter(&person).await;
        for answer in [letter.link(), letter.code()] {
            triggers.wire.fault(UPDATE, fault, 2);
            assert!(triggers.is_right(&person, "attempt", &answer).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_stays_fails_the_trigger_and_burns_nothing() {
    let triggers = Triggers::new().await;
    for (name, fault, said) in FAULTS {
        let person = triggers.stage.user(&format!("staying-{name}")).await;
        let letter = triggers.stage.letter(&person).await;
        for answer in [letter.link(), letter.code()] {
            triggers.wire.fault(UPDATE, fault, 3);
            let failed = triggers.verify(Some(&person), "then", &*answer).await;
            assert_eq!(failed, Err(said.to_owned()));
            assert!(triggers.is_right(&person, "later", &answer).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_does_not_tell_a_known_user_from_an_unknown_one() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("trouble").await;
    let letter = triggers.stage.letter(&person).await;
    for (_, fault, said) in FAULTS {
        for who in [Some(&person), None] {
            for answer in [letter.link(), letter.code()] {
                triggers.wire.fault(UPDATE, fault, 3);
                let failed = triggers.verify(who, "attempt", answer).await;
                assert_eq!(failed, Err(said.to_owned()));
                assert_eq!(triggers.wire.calls().len(), 3);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_hangs_fails_the_trigger() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("hanging").await;
    let letter = triggers.stage.letter(&person).await;
    triggers.wire.fault(UPDATE, Fault::Held, 10);
    let failed = triggers.verify(Some(&person), "then", letter.link()).await;
    assert_eq!(failed, Err("the link table did not answer: Timeout".into()));
    // Nothing of what hangs was let go: the function gave up by itself.
    let tries = triggers.wire.calls().len();
    assert!((2..=3).contains(&tries), "{tries}");
    // And said so, for the alarm.
    let lines = triggers.function.lines();
    let error = lines
        .iter()
        .find(|line| line.contains(r#""level":"ERROR""#));
    assert!(
        error.is_some_and(|line| line.contains("Timeout")),
        "{lines:?}"
    );
}
