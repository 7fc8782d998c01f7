use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use mlink_core::table::{self, Key};
use mlink_core::{Email, MacKey, TestUsers};
use mlink_runtime::reason;

use crate::link_table::{LinkTable, TableError, text};

/// The marks of test users. Each is found by the address and holds whom it is for: a user who is made
/// anew, by Cognito alone for instance, does not inherit it.
pub struct TestMarks {
    table: LinkTable,
    key: MacKey,
}

impl TestMarks {
    pub fn new(table: LinkTable, key: MacKey) -> Self {
        Self { table, key }
    }

    /// Whether the mark is new.
    pub async fn set(&self, email: &Email, sub: &str) -> Result<bool, TableError> {
        let set = self
            .table
            .put(Key::test(&self.key, email))
            .item(table::SUB, text(sub))
            .condition_expression("attribute_not_exists(pk) OR #sub <> :sub")
            .expression_attribute_names("#sub", table::SUB)
            .expression_attribute_values(":sub", text(sub))
            .send()
            .await;
        match set {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(TableError(reason(&error))),
            },
        }
    }

    /// Whether there was a mark.
    pub async fn remove(&self, email: &Email) -> Result<bool, TableError> {
        self.table
            .delete(Key::test(&self.key, email))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map(|removed| removed.attributes.is_some_and(|item| !item.is_empty()))
            .map_err(|error| TableError(reason(&error)))
    }

    /// Whether this user has a mark now, not a moment ago. A query, since the function may not get
    /// items.
    pub async fn has(&self, email: &Email, sub: &str) -> Result<bool, TableError> {
        let key = Key::test(&self.key, email);
        self.table
            .query()
            .key_condition_expression("#pk = :pk AND #sk = :sk")
            .filter_expression("#sub = :sub")
            .expression_attribute_names("#sub", table::SUB)
            .expression_attribute_values(":sub", text(sub))
            .expression_attribute_names("#pk", table::PK)
            .expression_attribute_names("#sk", table::SK)
            .expression_attribute_values(":pk", text(key.pk))
            .expression_attribute_values(":sk", text(key.sk))
            .send()
            .await
            .map(|found| !found.items().is_empty())
            .map_err(|error| TableError(reason(&error)))
    }

    /// Counts the marks and tells which of the addresses have one.
    pub async fn list(&self, emails: Vec<String>) -> Result<TestUsers, TableError> {
        let marks = self.all().await?;
        let is_marked = |email: &String| {
            let email = Email::parse(email);
            email.is_ok_and(|email| marks.contains(&Key::test(&self.key, &email).sk))
        };
        Ok(TestUsers {
            test_users: marks.len().try_into().unwrap_or(u64::MAX),
            emails: emails.into_iter().filter(is_marked).collect(),
        })
    }

    /// The sort keys of all marks, over all pages.
    async fn all(&self) -> Result<HashSet<String>, TableError> {
        let mut marks = HashSet::new();
        let mut start = None;
        loop {
            let page = self
                .table
                .query()
                .key_condition_expression("#pk = :pk")
                .projection_expression("#sk")
                .expression_attribute_names("#pk", table::PK)
                .expression_attribute_names("#sk", table::SK)
                .expression_attribute_values(":pk", text(table::TEST))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| TableError(reason(&error)))?;
            marks.extend(page.items.unwrap_or_default().into_iter().filter_map(mark));
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(marks);
            }
        }
    }
}

fn mark(mut item: HashMap<String, AttributeValue>) -> Option<String> {
    match item.remove(table::SK)? {
        AttributeValue::S(sk) => Some(sk),
        _ => None,
    }
}
