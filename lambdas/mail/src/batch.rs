use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use crate::clients::LONGEST_MESSAGE;

/// What SQS hands over at once, read leniently.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
pub struct Batch {
    pub records: Vec<Record>,
}

/// One message of it.
pub struct Record {
    pub message_id: String,
    pub body: String,
    /// Whether it was handed out before.
    pub redelivered: bool,
}

impl Batch {
    /// `None` for an event that is no batch.
    pub fn read(event: &Value) -> Option<Self> {
        let records = event.get("Records")?.as_array()?;
        let records = records.iter().map(Record::read).collect();
        Some(Self { records })
    }

    /// Whether one more message can be finished before Lambda ends the function, at `deadline`
    /// (milliseconds since 1970).
    pub fn has_time(deadline: u64) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let left = Duration::from_millis(deadline).saturating_sub(now.unwrap_or_default());
        left > LONGEST_MESSAGE
    }
}

impl Record {
    fn read(record: &Value) -> Self {
        let text = |path| record.pointer(path).and_then(Value::as_str);
        let received = text("/attributes/ApproximateReceiveCount");
        Self {
            message_id: text("/messageId").unwrap_or_default().to_owned(),
            body: text("/body").unwrap_or_default().to_owned(),
            redelivered: received.is_some_and(|count| count != "1"),
        }
    }
}

/// Which messages stay on the queue. All others are deleted from it.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResult {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl BatchResult {
    pub fn failed(&mut self, message_id: String) {
        let item_identifier = message_id;
        self.batch_item_failures
            .push(ItemFailure { item_identifier });
    }
}
