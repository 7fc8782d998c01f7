use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::primitives::Blob;
use mlink_core::table::{self, Key};
use mlink_core::{Answered, Email, Issued, MacKey, Operation, Refusal};
use mlink_runtime::reason;
use thiserror::Error;

use crate::callers::TableError;

#[derive(Debug, Error)]
pub enum TestLinkError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("the operation could not be written: {0}")]
    Operation(#[from] serde_json::Error),
    #[error("the mail function could not be asked: {0}")]
    NotAsked(String),
    #[error("the mail function failed")]
    Failed,
    #[error("the mail function's answer cannot be read")]
    Unreadable,
}

/// The links of test users, who get them without a mail. This side only asks for one: `mail` makes
/// it, and checks once more who it is for.
pub struct TestLinks {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub table: String,
    pub lambda: aws_sdk_lambda::Client,
    pub mail_function: String,
    pub key: MacKey,
}

/// What the marker of a test user leads to.
pub enum TestLink {
    /// The address is like any other: it has no marker, or one that was for another user.
    NoTestUser,
    /// `mail` made no link, and has logged why.
    Refused,
    /// The link's URL.
    Made(String),
}

impl TestLinks {
    pub async fn find(&self, email: &Email) -> Result<TestLink, TestLinkError> {
        if !self.is_marked(email).await? {
            return Ok(TestLink::NoTestUser);
        }
        Ok(match self.ask(email).await? {
            Answered::Done(Issued { url, .. }) => TestLink::Made(url),
            Answered::Refused {
                refused: Refusal::NotATestUser | Refusal::NoTestUsers,
            } => TestLink::NoTestUser,
            Answered::Refused { .. } => TestLink::Refused,
        })
    }

    /// One read, whoever has the address. A marker that was removed counts no longer.
    async fn is_marked(&self, email: &Email) -> Result<bool, TableError> {
        let key = Key::test(&self.key, email);
        let marker = self
            .dynamodb
            .get_item()
            .table_name(&self.table)
            .key(table::PK, AttributeValue::S(key.pk))
            .key(table::SK, AttributeValue::S(key.sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| TableError(reason(&error)))?;
        Ok(marker.item.is_some())
    }

    async fn ask(&self, email: &Email) -> Result<Answered<Issued>, TestLinkError> {
        let operation = serde_json::to_vec(&Operation::TestLink {
            email: email.as_str().to_owned(),
        })?;
        let answer = self
            .lambda
            .invoke()
            .function_name(&self.mail_function)
            .payload(Blob::new(operation))
            .send()
            .await
            .map_err(|error| TestLinkError::NotAsked(reason(&error)))?;
        if answer.function_error.is_some() {
            return Err(TestLinkError::Failed);
        }
        let payload = answer.payload.ok_or(TestLinkError::Unreadable)?;
        serde_json::from_slice(payload.as_ref()).map_err(|_| TestLinkError::Unreadable)
    }
}
