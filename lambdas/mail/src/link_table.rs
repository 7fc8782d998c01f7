use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use mlink_core::table::{self, Key};
use thiserror::Error;

#[derive(Debug, Error)]
#[error("the link table did not answer: {0}")]
pub struct TableError(pub String);

/// The condition that holds for no item of nobody, because there is none.
pub const NEVER: &str = "attribute_exists(pk)";

/// The table that everything here is in.
#[derive(Clone)]
pub struct LinkTable {
    client: Client,
    name: String,
}

impl LinkTable {
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    pub fn put(&self, key: Key) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.name)
            .item(table::PK, text(key.pk))
            .item(table::SK, text(key.sk))
    }

    pub fn update(&self, key: Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .key(table::PK, text(key.pk))
            .key(table::SK, text(key.sk))
    }

    pub fn delete(&self, key: Key) -> DeleteItemFluentBuilder {
        self.client
            .delete_item()
            .table_name(&self.name)
            .key(table::PK, text(key.pk))
            .key(table::SK, text(key.sk))
    }

    /// Of the present, not of a moment ago: what was just written must not be missed because a
    /// replica lags.
    pub fn query(&self) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
    }
}

pub fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
