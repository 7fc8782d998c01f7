//! An address is mailed now and then, however often somebody asks; and nobody learns that it is not.

use mlink_core::ACCEPTED;

use super::clock;
use super::mail::Worker;
use super::requests::{Answer, ask, without_retry_after};
use crate::stage::Stage;
use crate::trigger::batch;
use crate::world::{World, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_address_gets_no_mail_and_costs_the_same_whoever_has_it() {
    for (reason, variable, value) in [
        ("pause", "MAIL_PAUSE_SECONDS", "3600"),
        ("hour", "MAILS_PER_HOUR", "1"),
    ] {
        let worker = Worker::with(&[(variable, value)]).await;
        let person = worker.stage.user(&format!("throttled-{reason}")).await;
        let nobody = format!("throttled-{reason}-nobody@example.com");
        worker.stage.keep_address(&nobody);
        let mut calls = Vec::new();
        for email in [&person.email, &nobody] {
            for request in ["first", "second", "third"] {
                let request = format!("{reason}-{request}-{}", email.len());
                worker.wire.calls();
                assert!(worker.works(batch(email, &request, 1)).await);
            }
            calls.push(worker.wire.actions());
        }
        assert_eq!(calls[0], calls[1], "{reason}");
        assert_eq!(worker.mails(&person), 1);
        let suppressed = format!(r#""reason":"{reason}""#);
        let lines = worker.function.lines();
        let suppressed = lines.iter().filter(|line| line.contains(&suppressed));
        assert_eq!(suppressed.count(), 4, "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_requests_at_once_one_is_mailed() {
    let worker = Worker::with(&[("MAIL_PAUSE_SECONDS", "3600")]).await;
    let person = worker.stage.user("impatient").await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(Worker::with(&[("MAIL_PAUSE_SECONDS", "3600")]).await);
    }
    let works = others.iter().enumerate().map(|(number, worker)| {
        let request = format!("impatient-{number}");
        worker.works(batch(&person.email, &request, 1))
    });
    assert_eq!(futures_util::future::join_all(works).await, [true; 4]);
    assert_eq!(worker.mails(&person), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_one_mail_too_many_in_an_hour_is_answered_as_ever() {
    let stage = Stage::shared().await;
    let known = stage.user("hourly").await.email;
    let unknown = "hourly-nobody@example.com".to_owned();
    stage.keep_address(&unknown);
    let expected = ask(&stage, "hourly-first@example.com").await;
    for email in [&known, &unknown] {
        // See tests/it/mlink.yaml.
        for number in 0..20 {
            let message = batch(email, &format!("hourly-{}-{number}", email.len()), 1);
            stage.invoke("mail", &message).await;
        }
        assert_eq!(ask(&stage, email).await, expected);
    }
    wait_for(async || {
        let lines = stage.log("mail").await;
        let suppressed = lines.iter().filter(|line| line.contains(r#""hour""#));
        (suppressed.count() == 2).then_some(())
    })
    .await;
    assert_eq!(stage.world.mails_to(&known).len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_limits_hold_on_a_running_stage_and_its_answers_tell_nothing() {
    let stage = Stage::deploy(World::new()).await;
    let begun = clock() / 3600;
    let known = stage.user("known").await.email;
    let disabled = stage.user("disabled").await.email;
    let disable = format!("user disable {disabled} --local");
    stage.world.json(&disable);
    let unconfirmed = stage.unconfirmed("unconfirmed").await;
    let unknown = "unknown@example.com".to_owned();
    stage.keep_address(&unknown);

    let expected = ask(&stage, &known).await;
    assert_eq!((expected.status, &*expected.body), (202, ACCEPTED));
    let mail = wait_for(async || stage.world.mails_to(&known).pop());
    stage.read(&mail.await);
    // The second time each of them is throttled.
    let asked = [
        &known.to_uppercase(),
        &known,
        &unknown,
        &unknown,
        &disabled,
        &disabled,
        &unconfirmed,
        &unconfirmed,
    ];
    for email in asked {
        assert_eq!(ask(&stage, email).await, expected, "{email}");
    }
    let throttled = wait_for(async || {
        let lines = stage.log("mail").await;
        let is_outcome = |line: &&String| line.contains("request_id");
        let outcomes: Vec<_> = lines.iter().filter(is_outcome).cloned().collect();
        (outcomes.len() > asked.len()).then_some(outcomes)
    });
    let throttled = throttled.await;
    let throttled = throttled.iter().filter(|line| line.contains(r#""pause""#));
    assert_eq!(throttled.count(), 5);
    assert_eq!(stage.world.mails_to(&known).len(), 1);
    for nobody in [&unknown, &disabled] {
        assert!(stage.world.mails_to(nobody).is_empty());
    }

    // All who ask are one caller here.
    let mut accepted = 1 + asked.len();
    let refused = loop {
        match ask(&stage, &unknown).await {
            answer if answer == expected => accepted += 1,
            answer => break answer,
        }
    };
    assert_eq!(refused.status, 429);
    let refused = without_retry_after(refused);
    for email in [known, unknown, disabled, unconfirmed] {
        let answer: Answer = ask(&stage, &email).await;
        // A new hour counts anew.
        if begun == clock() / 3600 {
            assert_eq!(without_retry_after(answer), refused, "{email}");
            assert_eq!(accepted, 60);
        }
    }
}
