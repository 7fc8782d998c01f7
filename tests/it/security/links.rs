//! A link signs one person in, once, in its time.

use std::time::{SystemTime, UNIX_EPOCH};

use mlink_core::Secret;
use mlink_core::table::Key;
use serde_json::json;

use super::{Triggers, UPDATE, at_once};
use crate::stage::{Letter, Person, Stage};
use crate::trigger;
use crate::wire::Fault;

fn key(person: &Person, letter: &Letter) -> Key {
    Key::link(&person.sub, &Secret::parse(&letter.secret).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_use_one_link_at_once_one_gets_in() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("twenty").await;
    let letter = triggers.stage.letter(&person).await;
    let verify = |attempt| {
        let attempt = format!("attempt {attempt}");
        trigger::verify(Some(&person), &attempt, letter.link())
    };
    let verdicts = at_once(&triggers.stage, (0..20).map(verify).collect()).await;
    let right = verdicts.iter().filter(|verdict| **verdict == Ok(true));
    let wrong = verdicts.iter().filter(|verdict| **verdict == Ok(false));
    assert_eq!((right.count(), wrong.count()), (1, 19), "{verdicts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_link_is_refused_to_others_and_confirmed_to_a_retry() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("retry").await;
    let letter = triggers.stage.letter(&person).await;
    assert!(triggers.is_right(&person, "first", &letter.link()).await);
    assert!(!triggers.is_right(&person, "second", &letter.link()).await);
    // Cognito asks up to three times about one answer.
    assert!(triggers.is_right(&person, "first", &letter.link()).await);
    assert!(triggers.is_right(&person, "first", &letter.link()).await);
    assert!(!triggers.is_right(&person, "second", &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_whose_first_answer_was_lost_is_still_right() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("lost").await;
    let letter = triggers.stage.letter(&person).await;
    triggers.wire.fault(UPDATE, Fault::AnswerLost, 3);
    let lost = triggers.verify(Some(&person), "one", letter.link()).await;
    assert_eq!(
        lost,
        Err("the link table did not answer: NoConnection".into())
    );
    // The table has it as used by now, by this attempt.
    assert!(!triggers.is_right(&person, "another", &letter.link()).await);
    assert!(triggers.is_right(&person, "one", &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_answer_burns_nothing() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("wrong").await;
    let mallory = triggers.stage.user("mallory").await;
    let letter = triggers.stage.letter(&person).await;
    let before = triggers.stage.item(&key(&person, &letter)).await;
    let other = Secret::generate().unwrap().reveal();
    for answer in [format!("link.{other}"), letter.code(), "link.".to_owned()] {
        assert!(!triggers.is_right(&mallory, "wrong", &answer).await);
    }
    assert!(!triggers.is_right(&mallory, "theirs", &letter.link()).await);
    assert_eq!(triggers.stage.item(&key(&person, &letter)).await, before);
    assert!(triggers.is_right(&person, "right", &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_link_leaves_the_others_as_they_were() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("several").await;
    let first = triggers.stage.letter(&person).await;
    let second = triggers.stage.letter(&person).await;
    assert!(triggers.is_right(&person, "one", &second.link()).await);
    assert!(triggers.is_right(&person, "two", &first.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_address_kills_what_was_mailed_to_the_old_one() {
    let triggers = Triggers::new().await;
    let old = triggers.stage.user("before").await;
    let letter = triggers.stage.letter(&old).await;
    let mut person = old.clone();
    person.email = "after@example.com".to_owned();
    triggers.stage.move_user(&old, &person).await;
    for answer in [letter.link(), letter.code()] {
        assert!(!triggers.is_right(&person, "moved", &answer).await);
        assert!(!triggers.stage.signs_in(&person, &answer).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_the_same_address_inherits_no_link() {
    let triggers = Triggers::new().await;
    let gone = triggers.stage.user("again").await;
    let letter = triggers.stage.letter(&gone).await;
    let pool = triggers.stage.output("UserPoolId");
    let gone_user = json!({"UserPoolId": pool, "Username": gone.email});
    // By Cognito alone, so that the table still has what was out.
    triggers.stage.cognito("AdminDeleteUser", gone_user).await;
    let heir = triggers.stage.user("again").await;
    assert_ne!(heir.sub, gone.sub);
    for answer in [letter.link(), letter.code()] {
        assert!(!triggers.is_right(&heir, "heir", &answer).await);
        assert!(!triggers.stage.signs_in(&heir, &answer).await);
    }
    assert!(!triggers.stage.item(&key(&gone, &letter)).await.is_null());
}

/// Whether a link or a code is good `left` seconds before it expires. The call is held on its way and
/// the item given its end by the second in which the function says that it asks.
async fn is_good_with(left: u64, link: bool) -> bool {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user(&format!("expiry-{left}-{link}")).await;
    let letter = triggers.stage.letter(&person).await;
    let (key, answer) = match link {
        true => (key(&person, &letter), letter.link()),
        false => (Key::code(&person.sub), letter.code()),
    };
    triggers.wire.fault(UPDATE, Fault::Held, 1);
    let held = async {
        let held = triggers.wire.held().await;
        let now = &held.call.body["ExpressionAttributeValues"][":now"]["N"];
        let now: u64 = now.as_str().unwrap().parse().unwrap();
        triggers.stage.expire(&key, now + left).await;
        held.let_go();
        now
    };
    let (right, now) = tokio::join!(triggers.is_right(&person, "late", &answer), held);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    assert!(now <= clock.as_secs());
    right
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_to_its_last_second_and_no_longer() {
    assert!(is_good_with(1, true).await);
    assert!(!is_good_with(0, true).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_to_its_last_second_and_no_longer() {
    assert!(is_good_with(1, false).await);
    assert!(!is_good_with(0, false).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_signed_in_on_the_running_stage_is_not_replayed() {
    let stage = Stage::shared().await;
    let person = stage.user("replay").await;
    let letter = stage.letter_by_page(&person).await;
    assert!(stage.signs_in(&person, &letter.link()).await);
    assert!(!stage.signs_in(&person, &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_is_not_signed_in_by_a_link_that_is_out() {
    let stage = Stage::shared().await;
    let person = stage.user("disabled").await;
    let letter = stage.letter(&person).await;
    let email = &person.email;
    stage.world.json(&format!("user disable {email} --local"));
    assert!(!stage.signs_in(&person, &letter.link()).await);
    stage.world.json(&format!("user enable {email} --local"));
    assert!(!stage.signs_in(&person, &letter.link()).await);
}
