use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use mlink_core::table::{self, Key};
use mlink_runtime::reason;

use crate::link_table::{LinkTable, TableError, number};

/// The markers that make one mail of a message which comes twice.
///
/// SQS delivers at least once, and SES cannot tell a second try from a second mail. Between the two
/// something has to give when the function is killed in the middle, and it is the mail: the marker
/// is set before the work and closed after it, so an open one that is met again means a mail that
/// may or may not have gone out. It is not sent a second time; the message goes to the dead letters
/// with an error line, so it is not lost without a trace, and the person can ask for another. A try
/// that surely sent nothing releases its marker, and the next one starts afresh.
pub struct Markers {
    table: LinkTable,
}

/// What became of an attempt to claim a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to work on.
    Granted,
    /// Its work is done.
    Done,
    /// Somebody began it, who is still at it or was killed.
    Open,
}

/// Long after the last time SQS could deliver the message.
const MARKER_SECONDS: u64 = 24 * 60 * 60;

impl Markers {
    pub fn new(table: LinkTable) -> Self {
        Self { table }
    }

    pub async fn claim(&self, request_id: &str, now: u64) -> Result<Claim, TableError> {
        let put = self
            .table
            .put(Key::message(request_id))
            .item(table::TTL, number(now + MARKER_SECONDS))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else {
            return Ok(Claim::Granted);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(taken)) => {
                let marker = taken.item();
                let done = marker.is_some_and(|item| item.contains_key(table::DONE_AT));
                Ok(if done { Claim::Done } else { Claim::Open })
            }
            _ => Err(TableError(reason(&error))),
        }
    }

    /// Notes that the work is done.
    pub async fn close(&self, request_id: &str, now: u64) -> Result<(), TableError> {
        self.table
            .update(Key::message(request_id))
            .update_expression("SET #done_at = :now")
            .expression_attribute_names("#done_at", table::DONE_AT)
            .expression_attribute_values(":now", number(now))
            .send()
            .await
            .map(drop)
            .map_err(|error| TableError(reason(&error)))
    }

    /// Lets the message be worked on again.
    pub async fn release(&self, request_id: &str) -> Result<(), TableError> {
        self.table
            .delete(Key::message(request_id))
            .send()
            .await
            .map(drop)
            .map_err(|error| TableError(reason(&error)))
    }
}
