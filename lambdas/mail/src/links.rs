use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use mlink_core::table::{self, Key};
use mlink_core::{Label, MacKey, Secret};
use mlink_runtime::reason;
use thiserror::Error;

use crate::directory::Recipient;
use crate::lifetime::Lifetime;

#[derive(Debug, Error)]
#[error("the link table did not answer: {0}")]
pub struct TableError(pub String);

/// The links of the table, as far as `mail` has to do with them.
pub struct Links {
    client: Client,
    table: String,
    key: MacKey,
    lifetime: Lifetime,
}

/// Who had a link made: a person, by asking for it on the page.
const ISSUER: &str = "login";

impl Links {
    pub fn new(client: Client, table: String, key: MacKey, lifetime: Lifetime) -> Self {
        Self {
            client,
            table,
            key,
            lifetime,
        }
    }

    /// Stores the hash of a link for somebody. For nobody it makes the same call, under a condition
    /// that cannot hold, so that the table is as busy with an unknown address and none the fuller.
    pub async fn store(
        &self,
        secret: &Secret,
        recipient: Option<&Recipient>,
        now: u64,
    ) -> Result<(), TableError> {
        let (key, condition) = match recipient {
            Some(recipient) => (
                Key::link(&recipient.sub, secret),
                "attribute_not_exists(pk)",
            ),
            None => (
                Key::link(&table::nobody(&secret.hash()), secret),
                "attribute_exists(pk)",
            ),
        };
        let email = recipient.map_or("", |recipient| &recipient.email);
        let email_mac = self.key.mac(Label::Email, email);
        let exp = AttributeValue::N((now + self.lifetime.seconds()).to_string());
        let stored = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(table::PK, AttributeValue::S(key.pk))
            .item(table::SK, AttributeValue::S(key.sk))
            .item(table::EMAIL_MAC, AttributeValue::S(email_mac))
            .item(table::EXP, exp.clone())
            .item(table::TTL, exp)
            .item(table::ISSUER, AttributeValue::S(ISSUER.to_owned()))
            .condition_expression(condition)
            .send()
            .await;
        match stored {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) if recipient.is_none() => {
                    Ok(())
                }
                _ => Err(TableError(reason(&error))),
            },
        }
    }

    /// Deletes everything of a user; tells how many links were among it.
    pub async fn forget(&self, sub: &str) -> Result<usize, TableError> {
        let mut links = 0;
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#pk = :user")
                .projection_expression("#pk, #sk")
                .expression_attribute_names("#pk", table::PK)
                .expression_attribute_names("#sk", table::SK)
                .expression_attribute_values(":user", AttributeValue::S(table::user(sub)))
                // A link may just have been made; it must not stay because a replica lags.
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| TableError(reason(&error)))?;
            for key in page.items.unwrap_or_default() {
                links += usize::from(is_link(&key));
                self.delete(key).await?;
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(links);
            }
        }
    }

    async fn delete(&self, key: HashMap<String, AttributeValue>) -> Result<(), TableError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let deleted = delete.set_key(Some(key)).send().await;
        deleted
            .map(drop)
            .map_err(|error| TableError(reason(&error)))
    }
}

fn is_link(key: &HashMap<String, AttributeValue>) -> bool {
    key.get(table::SK)
        .and_then(|value| value.as_s().ok())
        .is_some_and(|sk| sk.starts_with(table::LINK_PREFIX))
}
