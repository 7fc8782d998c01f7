use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use mlink_core::table::{self, Key};
use mlink_core::{Label, MacKey, Secret};
use mlink_runtime::reason;

use crate::directory::Recipient;
use crate::link_table::{LinkTable, NEVER, TableError, number, text};

/// The links of the table, as far as `mail` has to do with them.
pub struct Links {
    table: LinkTable,
    key: MacKey,
}

/// A link that is to be.
pub struct Link<'a> {
    pub secret: &'a Secret,
    /// Who had it made.
    pub issuer: &'a str,
    /// The second from which on it is worthless.
    pub exp: u64,
}

impl Links {
    pub fn new(table: LinkTable, key: MacKey) -> Self {
        Self { table, key }
    }

    /// Stores the hash of a link for somebody. For nobody it makes the same call, under a condition
    /// that cannot hold, so that the table is as busy with an unknown address and none the fuller.
    pub async fn store(
        &self,
        link: &Link<'_>,
        recipient: Option<&Recipient>,
    ) -> Result<(), TableError> {
        let (key, condition) = match recipient {
            Some(recipient) => (
                Key::link(&recipient.sub, link.secret),
                "attribute_not_exists(pk)",
            ),
            None => (nobodys(link.secret), NEVER),
        };
        let email = recipient.map_or("", |recipient| &recipient.email);
        let email_mac = self.key.mac(Label::Email, email);
        let stored = self
            .table
            .put(key)
            .item(table::EMAIL_MAC, text(email_mac))
            .item(table::EXP, number(link.exp))
            .item(table::TTL, number(link.exp))
            .item(table::ISSUER, text(link.issuer))
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

    /// Deletes the link with this sort key of somebody, because it is one too many. If there is none
    /// too many it makes the same call, for a link that cannot exist; `secret`, of the link that is
    /// made, says which.
    pub async fn revoke(
        &self,
        surplus: Option<&str>,
        secret: &Secret,
        recipient: Option<&Recipient>,
    ) -> Result<(), TableError> {
        let key = match (surplus, recipient) {
            (Some(sk), Some(recipient)) => Key {
                pk: table::user(&recipient.sub),
                sk: sk.to_owned(),
            },
            _ => nobodys(secret),
        };
        self.delete(key).await
    }

    /// Deletes everything of a user; tells how many links were among it.
    pub async fn forget(&self, sub: &str) -> Result<u64, TableError> {
        let mut links = 0;
        let mut start = None;
        loop {
            let page = self
                .table
                .query()
                .key_condition_expression("#pk = :user")
                .projection_expression("#pk, #sk")
                .expression_attribute_names("#pk", table::PK)
                .expression_attribute_names("#sk", table::SK)
                .expression_attribute_values(":user", text(table::user(sub)))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| TableError(reason(&error)))?;
            for item in page.items.unwrap_or_default() {
                let Some(key) = key_of(&item) else { continue };
                links += u64::from(key.sk.starts_with(table::LINK_PREFIX));
                self.delete(key).await?;
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(links);
            }
        }
    }

    async fn delete(&self, key: Key) -> Result<(), TableError> {
        let deleted = self.table.delete(key).send().await;
        deleted
            .map(drop)
            .map_err(|error| TableError(reason(&error)))
    }
}

/// Where no link can be.
fn nobodys(secret: &Secret) -> Key {
    Key::link(&table::nobody(&secret.hash()), secret)
}

fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    let text = |name| item.get(name)?.as_s().ok().cloned();
    Some(Key {
        pk: text(table::PK)?,
        sk: text(table::SK)?,
    })
}
