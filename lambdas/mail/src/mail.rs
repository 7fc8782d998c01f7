use lambda_runtime::{Diagnostic, LambdaEvent};
use mlink_runtime::log;
use serde_json::{Value, json};
use thiserror::Error;

use crate::batch::{Batch, BatchResult};
use crate::links::TableError;
use crate::operation::Operation;
use crate::worker::Worker;

#[derive(Debug, Error)]
pub enum Error {
    #[error("the event is neither a batch of the queue nor an operation that is known")]
    Event,
    #[error(transparent)]
    Table(#[from] TableError),
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: "MailError".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// The function: a batch of the queue and an operation of an administrator are told apart by shape.
pub struct Mail {
    worker: Worker,
}

impl Mail {
    pub fn new(worker: Worker) -> Self {
        Self { worker }
    }

    pub async fn answer(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        if let Some(batch) = Batch::read(&event.payload) {
            let result = self.work(batch, event.context.deadline).await;
            return Ok(json!(result));
        }
        let operation = serde_json::from_value(event.payload).map_err(|_| Error::Event)?;
        self.operate(operation).await.inspect_err(|error| {
            log::error("operation_failed", &[("reason", &error.to_string())]);
        })
    }

    async fn work(&self, batch: Batch, deadline: u64) -> BatchResult {
        let mut result = BatchResult::default();
        for (position, record) in batch.records.into_iter().enumerate() {
            // What there is no time left for comes back later; begun and cut off, it would be lost.
            let begun = (position == 0 || Batch::has_time(deadline))
                && self.worker.work(&record).await.is_ok();
            if !begun {
                result.failed(record.message_id);
            }
        }
        result
    }

    async fn operate(&self, operation: Operation) -> Result<Value, Error> {
        match operation {
            Operation::ForgetUser { sub } => {
                let removed = self.worker.links.forget(&sub).await?;
                log::info("user_forgotten", &[("links", &removed.to_string())]);
                Ok(json!({ "links_removed": removed }))
            }
        }
    }
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
