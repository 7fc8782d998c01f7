use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use mlink_core::table::{self, Key};
use mlink_core::{Caller, MacKey};
use mlink_runtime::reason;
use thiserror::Error;

#[derive(Debug, Error)]
#[error("the table did not answer: {0}")]
pub struct TableError(pub String);

/// The callers of the table, each with a count of its requests in every clock hour.
pub struct Callers {
    client: Client,
    table: String,
    key: MacKey,
    /// How many requests a caller has in an hour.
    limit: u64,
}

/// Whether a caller's request is within the limit.
#[derive(Debug, PartialEq, Eq)]
pub enum Count {
    Within,
    /// It is not, and a new hour begins in so many seconds (1 to 3600).
    Beyond {
        retry_after: u64,
    },
}

const HOUR: u64 = 3600;

impl Callers {
    pub fn new(client: Client, table: String, key: MacKey, limit: u64) -> Self {
        Self {
            client,
            table,
            key,
            limit,
        }
    }

    /// Counts a request, made at `now` (seconds since 1970). One write both counts and tells, so
    /// requests that come at once are all counted. One whose answer got lost may count twice.
    pub async fn count(&self, caller: Caller, now: u64) -> Result<Count, TableError> {
        let key = Key::caller(&self.key, &caller, now);
        let retry_after = HOUR - now % HOUR;
        let ttl = now + retry_after + HOUR;
        let counted = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(table::PK, AttributeValue::S(key.pk))
            .key(table::SK, AttributeValue::S(key.sk))
            .update_expression("ADD #count :one SET #ttl = :ttl")
            .expression_attribute_names("#count", table::COUNT)
            .expression_attribute_names("#ttl", table::TTL)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":ttl", AttributeValue::N(ttl.to_string()))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(|error| TableError(reason(&error)))?;
        let count = counted.attributes().and_then(|item| item.get(table::COUNT));
        let count: u64 = count
            .and_then(|count| count.as_n().ok()?.parse().ok())
            .ok_or_else(|| TableError("NoCount".to_owned()))?;
        Ok(if count > self.limit {
            Count::Beyond { retry_after }
        } else {
            Count::Within
        })
    }
}
