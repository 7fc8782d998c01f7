use lambda_runtime::{Diagnostic, LambdaEvent};
use mlink_runtime::log;
use serde_json::{Value, json};
use thiserror::Error;

use crate::batch::{Batch, BatchResult};
use crate::operations::Operations;
use crate::services::Services;
use crate::worker::{Failure, Worker};

#[derive(Debug, Error)]
pub enum Error {
    #[error("the event is neither a batch of the queue nor an operation that is known")]
    Event,
    #[error(transparent)]
    Operation(#[from] Failure),
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
    services: Services,
}

impl Mail {
    pub fn new(services: Services) -> Self {
        Self { services }
    }

    pub async fn answer(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        if let Some(batch) = Batch::read(&event.payload) {
            let result = self.work(batch, event.context.deadline).await;
            return Ok(json!(result));
        }
        let operation = serde_json::from_value(event.payload).map_err(|_| Error::Event)?;
        let answer = Operations(&self.services).answer(operation).await;
        Ok(answer.inspect_err(|failure| {
            log::error("operation.failed", &[("reason", &failure.to_string())]);
        })?)
    }

    async fn work(&self, batch: Batch, deadline: u64) -> BatchResult {
        let worker = Worker(&self.services);
        let mut result = BatchResult::default();
        for (position, record) in batch.records.into_iter().enumerate() {
            // What there is no time left for comes back later; begun and cut off, it would be lost.
            let begun =
                (position == 0 || Batch::has_time(deadline)) && worker.work(&record).await.is_ok();
            if !begun {
                result.failed(record.message_id);
            }
        }
        result
    }
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
