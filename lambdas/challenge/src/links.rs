use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use mlink_core::table;
use mlink_runtime::reason;
use thiserror::Error;

/// The table did not answer, which says nothing about the person's answer: the trigger fails and
/// the same link or code can be tried again, while "wrong" would be a lie.
#[derive(Debug, Error)]
#[error("the link table did not answer: {0}")]
pub struct TableError(pub String);

/// The links of the table, as far as `challenge` has to do with them.
pub struct Links {
    client: Client,
    table: String,
}

/// One use of a link.
pub struct Consumption<'a> {
    pub key: table::Key,
    pub attempt: &'a str,
    pub email_mac: String,
    pub now: u64,
}

impl Links {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Whether the link is good for this attempt. One conditional write decides and records it
    /// together, so of two attempts at once one wins; the winner may ask again and gets the same
    /// answer, because Cognito and the SDK both repeat calls whose answer got lost.
    pub async fn consume(&self, link: Consumption<'_>) -> Result<bool, TableError> {
        let tombstone = link.now + table::TOMBSTONE_SECONDS;
        let consumed = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(table::PK, AttributeValue::S(link.key.pk))
            .key(table::SK, AttributeValue::S(link.key.sk))
            .update_expression(
                "SET #consumer = :attempt, #consumed_at = if_not_exists(#consumed_at, :now), \
                 #ttl = :tombstone",
            )
            .condition_expression(
                "#exp > :now AND #email_mac = :email_mac \
                 AND (attribute_not_exists(#consumer) OR #consumer = :attempt)",
            )
            .expression_attribute_names("#consumer", table::CONSUMER)
            .expression_attribute_names("#consumed_at", table::CONSUMED_AT)
            .expression_attribute_names("#ttl", table::TTL)
            .expression_attribute_names("#exp", table::EXP)
            .expression_attribute_names("#email_mac", table::EMAIL_MAC)
            .expression_attribute_values(":attempt", AttributeValue::S(link.attempt.to_owned()))
            .expression_attribute_values(":email_mac", AttributeValue::S(link.email_mac))
            .expression_attribute_values(":now", AttributeValue::N(link.now.to_string()))
            .expression_attribute_values(":tombstone", AttributeValue::N(tombstone.to_string()))
            .send()
            .await;
        match consumed {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(TableError(reason(&error))),
            },
        }
    }
}
