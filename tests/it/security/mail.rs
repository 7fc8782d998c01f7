//! The worker behind the queue.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::function::Function;
use crate::stage::{Person, Stage};
use crate::trigger::batch;
use crate::wire::{Fault, Wire};

const SEND: &str = "ses:SendEmail";

/// The worker of the shared stage, in a process of the test's own.
pub struct Worker {
    pub stage: Arc<Stage>,
    pub wire: Wire,
    pub function: Function,
}

impl Worker {
    async fn new() -> Worker {
        Worker::with(&[]).await
    }

    /// With other settings than those of the stage.
    pub async fn with(variables: &[(&str, &str)]) -> Worker {
        let stage = Stage::shared().await;
        let wire = Wire::to(&stage.endpoint).await;
        let function = stage.function_with("mail", &wire, variables).await;
        Worker {
            stage,
            wire,
            function,
        }
    }

    /// Hands it one message; whether that is done with.
    pub async fn works(&self, message: Value) -> bool {
        let result = self.function.invoke(message).await.unwrap();
        result["batchItemFailures"] == json!([])
    }

    /// How many mails somebody has.
    pub fn mails(&self, person: &Person) -> usize {
        let mails = self.stage.world.mails_to(&person.email);
        mails.iter().for_each(|mail| drop(self.stage.read(mail)));
        mails.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_twice_sends_one_mail() {
    let worker = Worker::new().await;
    let person = worker.stage.user("twice").await;
    assert!(worker.works(batch(&person.email, "twice", 1)).await);
    assert!(worker.works(batch(&person.email, "twice", 1)).await);
    assert!(worker.works(batch(&person.email, "twice", 2)).await);
    assert_eq!(worker.mails(&person), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_may_have_gone_out_is_not_sent_again() {
    let worker = Worker::new().await;
    let person = worker.stage.user("maybe").await;
    worker.wire.fault(SEND, Fault::AnswerLost, 1);
    // It stays on the queue, for the dead letters and their alarm.
    assert!(!worker.works(batch(&person.email, "maybe", 1)).await);
    assert!(!worker.works(batch(&person.email, "maybe", 2)).await);
    assert_eq!(worker.mails(&person), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_refused_is_tried_again_and_an_alarm_line_written() {
    let worker = Worker::new().await;
    let person = worker.stage.user("refused").await;
    worker.wire.fault(SEND, Fault::Throttled, 1);
    assert!(!worker.works(batch(&person.email, "refused", 1)).await);
    assert_eq!(worker.mails(&person), 0);
    let lines = worker.function.lines();
    let is_alarm = |line: &String| line.contains(r#""level":"ERROR""#);
    assert_eq!(lines.iter().filter(|line| is_alarm(line)).count(), 1);
    assert!(worker.works(batch(&person.email, "refused", 2)).await);
    assert_eq!(worker.mails(&person), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_message_sends_nothing() {
    let worker = Worker::new().await;
    let person = worker.stage.user("stale").await;
    let mut message = batch(&person.email, "stale", 1);
    let body = json!({"email": person.email, "request_id": "stale", "at": 1_700_000_000});
    message["Records"][0]["body"] = body.to_string().into();
    assert!(worker.works(message).await);
    assert_eq!(worker.mails(&person), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_api_would_not_write_sends_nothing() {
    let worker = Worker::new().await;
    for email in ["a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example"] {
        assert!(!worker.works(batch(email, "foreign", 1)).await);
    }
    assert!(!worker.works(batch("nobody@example.com", "", 1)).await);
    assert!(worker.wire.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_an_account_keeps_the_table_as_busy_as_one_with() {
    let worker = Worker::new().await;
    let known = worker.stage.user("busy").await.email;
    let disabled = worker.stage.user("busy-disabled").await.email;
    let disable = format!("user disable {disabled} --local");
    worker.stage.world.json(&disable);
    let unknown = "busy-unknown@example.com".to_owned();
    worker.stage.keep_address(&unknown);

    let mut seen = Vec::new();
    for (email, request) in [
        (&known, "busy-1"),
        (&disabled, "busy-2"),
        (&unknown, "busy-3"),
    ] {
        assert!(worker.works(batch(email, request, 1)).await);
        let mut actions = worker.wire.actions();
        actions.retain(|action| action != SEND);
        seen.push(actions);
    }
    assert!(seen[0].len() > 3, "{seen:?}");
    assert_eq!(seen[1], seen[0], "disabled");
    assert_eq!(seen[2], seen[0], "unknown");
    for mail in worker.stage.world.mails_to(&known) {
        worker.stage.read(&mail);
    }
    for nobody in [disabled, unknown] {
        assert!(worker.stage.world.mails_to(&nobody).is_empty());
    }
}
