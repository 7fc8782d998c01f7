use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::ReturnValue;
use mlink_core::Secret;
use mlink_core::table::{self, Key, slot};
use mlink_runtime::reason;

use crate::directory::Recipient;
use crate::link_table::{LinkTable, NEVER, TableError, number, text};
use crate::links::Link;
use crate::slots::Slots;

/// The register of the links that a user was mailed and that may still be out: as many as there are
/// slots. One more takes the place of the oldest, so the newest mail always works, and nobody is
/// locked out by links that others asked for.
///
/// A link that an administrator made is not among them: it would be pushed out by anybody who knows
/// the address.
pub struct Outstanding {
    table: LinkTable,
    slots: Slots,
}

impl Outstanding {
    pub fn new(table: LinkTable, slots: Slots) -> Self {
        Self { table, slots }
    }

    /// Enters a link of somebody; gives the sort key of the one that has to go for it. For nobody it
    /// makes the same call, under a condition that cannot hold.
    ///
    /// The SDK may repeat the call when its answer got lost. The link is not entered twice then; the
    /// one that has to go is forgotten, and lives on until it expires.
    pub async fn enter(
        &self,
        link: &Link<'_>,
        recipient: Option<&Recipient>,
    ) -> Result<Option<String>, TableError> {
        let push = self.slots.push(text(sort_key(link.secret)), text(""));
        let first = slot(Slots::FIRST);
        let is_new = format!("attribute_not_exists({first}) OR {first} <> :new");
        let entered = self
            .table
            .update(self.key(link.secret, recipient))
            .update_expression(format!("SET {}, #ttl = :ttl", push.assignments))
            .condition_expression(recipient.map_or(NEVER, |_| &is_new))
            .expression_attribute_names("#ttl", table::TTL)
            .set_expression_attribute_values(Some(push.values))
            .expression_attribute_values(":ttl", number(link.exp))
            .return_values(ReturnValue::UpdatedOld)
            .send()
            .await;
        let updated = unless_refused(entered)?;
        let last = updated.and_then(|updated| updated.attributes?.remove(&slot(self.slots.last())));
        let last = last.and_then(|last| last.as_s().ok().cloned());
        Ok(last.filter(|sk| !sk.is_empty()))
    }

    /// Takes the link out again because it was never mailed, so that a message which fails and is
    /// tried again costs the user one link that is out and not one a try. A newer entry in front
    /// means that all is past, and then nothing is changed. The item of the link itself stays until
    /// it expires: nobody knows its secret.
    pub async fn withdraw(
        &self,
        secret: &Secret,
        recipient: Option<&Recipient>,
    ) -> Result<(), TableError> {
        let pull = self.slots.pull(text(""));
        let withdrawn = self
            .table
            .update(self.key(secret, recipient))
            .update_expression(format!("SET {}", pull.assignments))
            .condition_expression(format!("{} = :withdrawn", slot(Slots::FIRST)))
            .set_expression_attribute_values(Some(pull.values))
            .expression_attribute_values(":withdrawn", text(sort_key(secret)))
            .send()
            .await;
        unless_refused(withdrawn).map(drop)
    }

    fn key(&self, secret: &Secret, recipient: Option<&Recipient>) -> Key {
        match recipient {
            Some(recipient) => Key::outstanding(&recipient.sub),
            None => Key::outstanding(&table::nobody(&secret.hash())),
        }
    }
}

/// `None` where the condition did not hold.
fn unless_refused(
    result: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<Option<UpdateItemOutput>, TableError> {
    result
        .map(Some)
        .or_else(|error| match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
            _ => Err(TableError(reason(&error))),
        })
}

/// By which a link is found among those of its user.
fn sort_key(secret: &Secret) -> String {
    Key::link("", secret).sk
}
