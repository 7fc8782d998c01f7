//! The threats, one test each. Against the running stage where the local cloud behaves as AWS does;
//! else against the functions themselves, behind a Lambda Runtime API and a line of the test's own.

mod administrator;
mod answers;
mod api;
mod audit;
mod callers;
mod codes;
mod dump;
mod headers;
mod links;
mod mail;
mod outages;
mod outstanding;
mod policy;
mod privilege;
mod requests;
mod sessions;
mod strangers;
mod test_users;
mod throttle;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::function::{Function, Outcome};
use crate::stage::{Person, Stage};
use crate::trigger;
use crate::wire::Wire;

const UPDATE: &str = "dynamodb:UpdateItem";

/// In seconds since 1970.
fn clock() -> u64 {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    clock.unwrap().as_secs()
}

/// The triggers of the shared stage, in a process of the test's own.
struct Triggers {
    stage: Arc<Stage>,
    wire: Wire,
    function: Function,
}

impl Triggers {
    async fn new() -> Triggers {
        let stage = Stage::shared().await;
        let wire = Wire::to(&stage.endpoint).await;
        let function = stage.function("challenge", &wire).await;
        Triggers {
            stage,
            wire,
            function,
        }
    }

    /// The response that goes back to Cognito.
    async fn ask(&self, event: Value) -> Outcome {
        let answered = self.function.invoke(event).await;
        answered.map(|mut event| event["response"].take())
    }

    /// Whether an answer is right; an error is the trigger's, who could not tell.
    async fn verify(
        &self,
        who: Option<&Person>,
        attempt: &str,
        answer: impl Into<Value>,
    ) -> Result<bool, String> {
        verdict(
            self.function
                .invoke(trigger::verify(who, attempt, answer))
                .await,
        )
    }

    /// The same, where the trigger has to know.
    async fn is_right(&self, who: &Person, attempt: &str, answer: &str) -> bool {
        self.verify(Some(who), attempt, answer).await.unwrap()
    }
}

fn verdict(outcome: Outcome) -> Result<bool, String> {
    match outcome {
        Ok(event) => Ok(event["response"]["answerCorrect"].as_bool().unwrap()),
        Err(error) => Err(error["errorMessage"].as_str().unwrap().to_owned()),
    }
}

/// What comes of these events when each goes to a process of its own, all at once.
async fn at_once(stage: &Stage, events: Vec<Value>) -> Vec<Result<bool, String>> {
    let wire = Wire::to(&stage.endpoint).await;
    let mut running = JoinSet::new();
    let together = Arc::new(Barrier::new(events.len()));
    for event in events {
        let function = stage.function("challenge", &wire).await;
        // So that it is up when all begin.
        let warm = trigger::verify(None, "warm", "nothing");
        assert_eq!(verdict(function.invoke(warm).await), Ok(false));
        let together = Arc::clone(&together);
        running.spawn(async move {
            together.wait().await;
            verdict(function.invoke(event).await)
        });
    }
    running.join_all().await
}
