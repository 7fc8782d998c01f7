use aws_sdk_sqs::Client;
use mlink_core::QueueMessage;
use mlink_runtime::reason;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum QueueError {
    #[error("the message could not be written: {0}")]
    Message(#[from] serde_json::Error),
    #[error("the queue did not take the message: {0}")]
    Refused(String),
}

/// The queue that `mail` works on.
pub struct MailQueue {
    client: Client,
    url: String,
}

impl MailQueue {
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    pub async fn put(&self, message: &QueueMessage) -> Result<(), QueueError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(serde_json::to_string(message)?)
            .send()
            .await
            .map(drop)
            .map_err(|error| QueueError::Refused(reason(&error)))
    }
}
