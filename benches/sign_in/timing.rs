//! Whether time tells a known address from an unknown one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::figures::{Times, side_by_side};
use crate::stage::{Person, Stage};
use crate::trigger::verify;
use crate::wire::Wire;
use crate::{ask_for_mail, client};

const EACH: usize = 500;
/// Over as many addresses.
const ADDRESSES: usize = 50;

/// Requests for a mail, one after the other, known and unknown by turns.
pub async fn requests(stage: &Stage, people: &[Person]) {
    let client = client();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..EACH {
        let person = &people[number % ADDRESSES].email;
        let nobody = person.replace("person", "nobody");
        for is_known in by_turns(number) {
            let (email, times) = match is_known {
                true => (person, &mut known),
                false => (&nobody, &mut unknown),
            };
            let begun = Instant::now();
            ask_for_mail(&client, stage.url(), email).await;
            times.push(begun.elapsed());
        }
    }
    side_by_side("POST /api/login", &Times::new(known), &Times::new(unknown));
}

/// Wrong links at the trigger, where the user is known and where not.
pub async fn answers(stage: &Stage, person: &Person) {
    let wire = Wire::to(&stage.endpoint).await;
    let function = stage.function("challenge", &wire).await;
    let wrong = format!("link.{}", "A".repeat(43));
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..EACH {
        for is_known in by_turns(number) {
            let event = verify(is_known.then_some(person), "attempt", &*wrong);
            let begun = Instant::now();
            let answered: Value = function.invoke(event).await.unwrap();
            let time: Duration = begun.elapsed();
            assert_eq!(answered["response"], json!({"answerCorrect": false}));
            if is_known { &mut known } else { &mut unknown }.push(time);
        }
    }
    side_by_side(
        "A wrong link at the trigger",
        &Times::new(known),
        &Times::new(unknown),
    );
}

/// So that neither always comes after the other.
fn by_turns(number: usize) -> [bool; 2] {
    let first = number.is_multiple_of(2);
    [first, !first]
}
