use aws_sdk_dynamodb::operation::put_item::PutItemError;
use mlink_core::table::{self, Key};
use mlink_core::{Code, Label, MacKey, Secret};
use mlink_runtime::reason;

use crate::directory::Recipient;
use crate::link_table::{LinkTable, NEVER, TableError, number, text};

/// The codes of the table, as far as `mail` has to do with them.
pub struct Codes {
    table: LinkTable,
    key: MacKey,
}

impl Codes {
    pub fn new(table: LinkTable, key: MacKey) -> Self {
        Self { table, key }
    }

    /// Stores the MAC of somebody's code in place of the code before it, whose guesses go with it.
    /// For nobody it makes the same call, under a condition that cannot hold; `secret`, of the link
    /// in the same mail, says which nobody. From the second `exp` on the code is worthless.
    pub async fn store(
        &self,
        code: &Code,
        secret: &Secret,
        recipient: Option<&Recipient>,
        exp: u64,
    ) -> Result<(), TableError> {
        let (sub, email, condition) = match recipient {
            Some(recipient) => (recipient.sub.clone(), recipient.email.as_str(), None),
            None => (table::nobody(&secret.hash()), "", Some(NEVER)),
        };
        let stored = self
            .table
            .put(Key::code(&sub))
            .item(table::MAC, text(code.mac(&self.key, &sub)))
            .item(table::EMAIL_MAC, text(self.key.mac(Label::Email, email)))
            .item(table::EXP, number(exp))
            .item(table::TTL, number(exp))
            .item(table::WRONG, number(0))
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
