use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure as OnFailure};
use mlink_core::table::{self, Key, slot};
use mlink_core::{Email, MacKey};
use mlink_runtime::reason;

use crate::link_table::{LinkTable, TableError, number, text};
use crate::slots::Slots;

/// How often an address can be mailed: once in a pause, and in an hour as often as there are slots.
///
/// It counts by what was typed, before anybody looks who that is, so an address that nobody has is
/// throttled like any other.
pub struct Throttle {
    table: LinkTable,
    key: MacKey,
    pause: u64,
    slots: Slots,
}

/// Whether an address can be mailed now.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    Granted,
    /// The last mail is too short a time ago.
    Pause,
    /// There were too many mails in the last hour.
    Hour,
}

const HOUR: u64 = 60 * 60;

impl Throttle {
    /// `pause` is in seconds, `slots` the mails in an hour.
    pub fn new(table: LinkTable, key: MacKey, pause: u64, slots: Slots) -> Self {
        Self {
            table,
            key,
            pause,
            slots,
        }
    }

    /// Counts a mail to the address, if there can be one. One conditional write decides and counts
    /// together, so of two requests at once one is mailed.
    ///
    /// The newest request is admitted as often as it is asked about and counted once: the SDK
    /// repeats a call whose answer got lost, and SQS hands out again what failed. A try that comes
    /// here again has sent nothing before, or its marker would have stopped it; pause and hour are
    /// reckoned from its first.
    pub async fn admit(
        &self,
        email: &Email,
        request_id: &str,
        now: u64,
    ) -> Result<Admission, TableError> {
        let push = self.slots.push(number(now), number(0));
        let (first, last) = (slot(Slots::FIRST), slot(self.slots.last()));
        let counted = self
            .table
            .update(Key::throttle(&self.key, email))
            .update_expression(format!(
                "SET {}, #request = :request, #ttl = :ttl",
                push.assignments
            ))
            .condition_expression(format!(
                "(attribute_not_exists(#request) OR #request <> :request) \
                 AND (attribute_not_exists({first}) OR {first} <= :pause_ago) \
                 AND (attribute_not_exists({last}) OR {last} <= :hour_ago)"
            ))
            .expression_attribute_names("#request", table::REQUEST)
            .expression_attribute_names("#ttl", table::TTL)
            .set_expression_attribute_values(Some(push.values))
            .expression_attribute_values(":request", text(request_id))
            .expression_attribute_values(":pause_ago", number(self.pause_before(now)))
            .expression_attribute_values(":hour_ago", number(now.saturating_sub(HOUR)))
            .expression_attribute_values(":ttl", number(now + HOUR + self.pause))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        let Err(error) = counted else {
            return Ok(Admission::Granted);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                Ok(self.verdict(refused.item(), request_id, now))
            }
            _ => Err(TableError(reason(&error))),
        }
    }

    /// Why the condition did not hold.
    fn verdict(&self, item: Option<&Item>, request_id: &str, now: u64) -> Admission {
        let get = |name: &str| item.and_then(|item| item.get(name));
        let request = get(table::REQUEST).and_then(|value| value.as_s().ok());
        let newest = get(&slot(Slots::FIRST)).and_then(|value| value.as_n().ok());
        let newest = newest.and_then(|number| number.parse::<u64>().ok());
        if request.is_some_and(|request| request == request_id) {
            Admission::Granted
        } else if newest.is_some_and(|newest| newest > self.pause_before(now)) {
            Admission::Pause
        } else {
            Admission::Hour
        }
    }

    fn pause_before(&self, now: u64) -> u64 {
        now.saturating_sub(self.pause)
    }
}

type Item = HashMap<String, AttributeValue>;
