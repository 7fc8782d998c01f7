//! A code is short, so its guesses are counted.

use mlink_core::table::{self, Key};

use super::{Triggers, at_once};
use crate::stage::{Person, Stage};
use crate::trigger;

async fn guesses(stage: &Stage, person: &Person) -> u32 {
    let code = stage.item(&Key::code(&person.sub)).await;
    code[table::WRONG]["N"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_dead_after_five_guesses_over_all_sign_ins() {
    let stage = Stage::shared().await;
    let person = stage.user("guesser").await;
    let letter = stage.letter_by_page(&person).await;
    for guess in 1..=5 {
        assert!(!stage.signs_in(&person, &letter.wrong_code(guess)).await);
    }
    assert!(!stage.signs_in(&person, &letter.code()).await);
    // The link of the same mail is another matter.
    assert!(stage.signs_in(&person, &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_guesses_at_once_no_more_than_five_are_looked_at() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("crowd").await;
    let letter = triggers.stage.letter(&person).await;
    let guess = |guess| {
        let attempt = format!("attempt {guess}");
        trigger::verify(Some(&person), &attempt, letter.wrong_code(guess))
    };
    let verdicts = at_once(&triggers.stage, (1..=20).map(guess).collect()).await;
    assert_eq!(verdicts, vec![Ok(false); 20]);
    assert_eq!(guesses(&triggers.stage, &person).await, 5);
    assert!(!triggers.is_right(&person, "late", &letter.code()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_attempt_cannot_try_all_codes() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("patient").await;
    let letter = triggers.stage.letter(&person).await;
    for guess in 1..=5 {
        let answer = letter.wrong_code(guess);
        assert!(!triggers.is_right(&person, "same", &answer).await);
        // A retry is the same guess.
        assert!(!triggers.is_right(&person, "same", &answer).await);
        assert_eq!(guesses(&triggers.stage, &person).await, guess);
    }
    assert!(!triggers.is_right(&person, "same", &letter.code()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_signs_in_once_and_only_the_newest() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("newest").await;
    let old = triggers.stage.letter(&person).await;
    let new = triggers.stage.letter(&person).await;
    if old.code != new.code {
        assert!(!triggers.is_right(&person, "old", &old.code()).await);
    }
    assert!(triggers.is_right(&person, "new", &new.code()).await);
    assert!(triggers.is_right(&person, "new", &new.code()).await);
    assert!(!triggers.is_right(&person, "replay", &new.code()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_one_user_is_not_that_of_another() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("one").await;
    let other = triggers.stage.user("other").await;
    let letter = triggers.stage.letter(&person).await;
    assert!(!triggers.is_right(&other, "other", &letter.code()).await);
    assert_eq!(guesses(&triggers.stage, &person).await, 0);
    assert!(triggers.is_right(&person, "one", &letter.code()).await);
}
