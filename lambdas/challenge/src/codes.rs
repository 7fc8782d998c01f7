use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use mlink_core::table::{self, Key};
use mlink_core::{Code, MacKey};
use mlink_runtime::reason;

use crate::links::TableError;

/// The codes of the table, as far as `challenge` has to do with them.
pub struct Codes {
    client: Client,
    table: String,
    key: MacKey,
}

/// One try of a code.
pub struct Guess<'a> {
    pub sub: &'a str,
    pub code: &'a Code,
    pub attempt: &'a str,
    pub email_mac: String,
    pub now: u64,
}

type Item = HashMap<String, AttributeValue>;

impl Codes {
    pub fn new(client: Client, table: String, key: MacKey) -> Self {
        Self { client, table, key }
    }

    /// Whether the code is good for this attempt. The guess is counted before anything is compared,
    /// so however many come at once, no more are looked at than are allowed. Only a right one costs
    /// a second write, and whoever could tell that from outside is signed in by then.
    pub async fn consume(&self, guess: &Guess<'_>) -> Result<bool, TableError> {
        let Some(stored) = self.count(guess).await? else {
            return Ok(false);
        };
        if !guess.code.has_mac(&self.key, guess.sub, &stored) {
            return Ok(false);
        }
        self.close(guess, stored).await
    }

    /// Counts the guess; gives the MAC to compare it with, unless there is no code to be guessed or
    /// it is used, out of date or dead. A guess that was counted before is not counted again but
    /// looked at again, because Cognito and the SDK both repeat calls whose answer got lost.
    async fn count(&self, guess: &Guess<'_>) -> Result<Option<String>, TableError> {
        let key = Key::code(guess.sub);
        let name = guess.code.guess(&self.key, guess.attempt);
        let number = |number: u64| AttributeValue::N(number.to_string());
        let counted = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(table::PK, AttributeValue::S(key.pk))
            .key(table::SK, AttributeValue::S(key.sk))
            .update_expression("ADD #wrong :one, #guesses :guesses")
            .condition_expression(
                "#exp > :now AND #email_mac = :email_mac AND attribute_not_exists(#consumer) \
                 AND #wrong < :most AND NOT contains(#guesses, :guess)",
            )
            .expression_attribute_names("#wrong", table::WRONG)
            .expression_attribute_names("#guesses", table::GUESSES)
            .expression_attribute_names("#exp", table::EXP)
            .expression_attribute_names("#email_mac", table::EMAIL_MAC)
            .expression_attribute_names("#consumer", table::CONSUMER)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(Code::MOST_GUESSES.into()))
            .expression_attribute_values(":now", number(guess.now))
            .expression_attribute_values(":email_mac", AttributeValue::S(guess.email_mac.clone()))
            .expression_attribute_values(":guesses", AttributeValue::Ss(vec![name.clone()]))
            .expression_attribute_values(":guess", AttributeValue::S(name.clone()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        match counted {
            Ok(counted) => Ok(counted.attributes().and_then(mac)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    let again = refused.item().filter(|item| has_guess(item, &name));
                    Ok(again.and_then(mac))
                }
                _ => Err(TableError(reason(&error))),
            },
        }
    }

    /// Uses the right code up, unless another attempt was faster or a newer code has taken its
    /// place. The count has no say any more: a code must not die of its own last guess.
    async fn close(&self, guess: &Guess<'_>, mac: String) -> Result<bool, TableError> {
        let key = Key::code(guess.sub);
        let closed = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(table::PK, AttributeValue::S(key.pk))
            .key(table::SK, AttributeValue::S(key.sk))
            .update_expression("SET #consumer = :attempt")
            .condition_expression(
                "#exp > :now AND #email_mac = :email_mac AND #mac = :mac \
                 AND (attribute_not_exists(#consumer) OR #consumer = :attempt)",
            )
            .expression_attribute_names("#consumer", table::CONSUMER)
            .expression_attribute_names("#exp", table::EXP)
            .expression_attribute_names("#email_mac", table::EMAIL_MAC)
            .expression_attribute_names("#mac", table::MAC)
            .expression_attribute_values(":attempt", AttributeValue::S(guess.attempt.to_owned()))
            .expression_attribute_values(":now", AttributeValue::N(guess.now.to_string()))
            .expression_attribute_values(":email_mac", AttributeValue::S(guess.email_mac.clone()))
            .expression_attribute_values(":mac", AttributeValue::S(mac))
            .send()
            .await;
        match closed {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(TableError(reason(&error))),
            },
        }
    }
}

fn mac(code: &Item) -> Option<String> {
    code.get(table::MAC)?.as_s().ok().cloned()
}

fn has_guess(code: &Item, name: &str) -> bool {
    let guesses = code.get(table::GUESSES).and_then(|set| set.as_ss().ok());
    guesses.is_some_and(|guesses| guesses.iter().any(|guess| guess == name))
}
