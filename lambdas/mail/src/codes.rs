use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use mlink_core::table::{self, Key};
use mlink_core::{Code, Label, MacKey, Secret};
use mlink_runtime::reason;

use crate::directory::Recipient;
use crate::lifetime::Lifetime;
use crate::links::TableError;

/// The codes of the table, as far as `mail` has to do with them.
pub struct Codes {
    client: Client,
    table: String,
    key: MacKey,
    lifetime: Lifetime,
}

/// No item is there under a key of nobody.
const NEVER: &str = "attribute_exists(pk)";

impl Codes {
    pub fn new(client: Client, table: String, key: MacKey, lifetime: Lifetime) -> Self {
        Self {
            client,
            table,
            key,
            lifetime,
        }
    }

    /// Stores the MAC of somebody's code in place of the code before it, whose guesses go with it.
    /// For nobody it makes the same call, under a condition that cannot hold; `secret`, of the link
    /// in the same mail, says which nobody.
    pub async fn store(
        &self,
        code: &Code,
        secret: &Secret,
        recipient: Option<&Recipient>,
        now: u64,
    ) -> Result<(), TableError> {
        let (sub, email, condition) = match recipient {
            Some(recipient) => (recipient.sub.clone(), recipient.email.as_str(), None),
            None => (table::nobody(&secret.hash()), "", Some(NEVER)),
        };
        let key = Key::code(&sub);
        let exp = AttributeValue::N((now + self.lifetime.seconds()).to_string());
        let stored = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(table::PK, AttributeValue::S(key.pk))
            .item(table::SK, AttributeValue::S(key.sk))
            .item(table::MAC, AttributeValue::S(code.mac(&self.key, &sub)))
            .item(
                table::EMAIL_MAC,
                AttributeValue::S(self.key.mac(Label::Email, email)),
            )
            .item(table::EXP, exp.clone())
            .item(table::TTL, exp)
            .item(table::WRONG, AttributeValue::N("0".to_owned()))
            .set_condition_expression(condition.map(str::to_owned))
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
}
