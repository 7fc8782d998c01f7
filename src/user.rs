//! The people who may sign in.

mod export;
mod import;
mod roster;
#[cfg(test)]
mod tests;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::types::{AttributeType, MessageActionType, UserType};
use aws_smithy_types::date_time::Format;
use mlink_core::{Email, EmailError};
use serde::Serialize;

use crate::aws::{self, failed};
use crate::link::{self, MailFunction};
pub use export::export;
pub use import::{Imported, Outcome, Pool};
pub use roster::{Error as RosterError, Roster};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Aws(#[from] aws::Error),
    #[error("`{given}` is not an email address")]
    #[diagnostic(code(mlink::user::address), help("The form is alice@example.com."))]
    Address { given: String, source: EmailError },
    #[error("there is no user {0}")]
    #[diagnostic(
        code(mlink::user::missing),
        help("`mlink user list` shows all there are.")
    )]
    Missing(String),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Links(#[from] link::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Roster(#[from] RosterError),
    #[error("{0} is in the file twice")]
    #[diagnostic(code(mlink::user::twice))]
    Twice(String),
    #[error("{failed} of {of} users could not be imported")]
    #[diagnostic(
        code(mlink::user::import),
        help(
            "The rest are there. Import the file again when the reasons are gone: nobody is added twice."
        )
    )]
    Incomplete { failed: usize, of: usize },
    #[error("could not describe the user to Cognito")]
    #[diagnostic(code(mlink::user::request))]
    Request(#[from] aws_smithy_types::error::operation::BuildError),
}

/// A user as `user list` shows it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct User {
    pub email: String,
    pub name: Option<String>,
    /// Cognito's UserStatus.
    pub status: String,
    pub enabled: bool,
    /// RFC 3339.
    pub created: Option<String>,
}

/// The address in the one spelling that the pool knows it by.
pub fn address(given: &str) -> Result<Email, Error> {
    Email::parse(given).map_err(|source| Error::Address {
        given: given.to_owned(),
        source,
    })
}

/// Makes a user whose address counts as verified; Cognito mails nothing. False when there is one.
pub async fn add(
    cognito: &Client,
    pool: &str,
    email: &Email,
    name: Option<&str>,
) -> Result<bool, Error> {
    let attribute =
        |key: &str, value: &str| AttributeType::builder().name(key).value(value).build();
    let mut request = cognito
        .admin_create_user()
        .user_pool_id(pool)
        .username(email.as_str())
        .message_action(MessageActionType::Suppress)
        .user_attributes(attribute("email", email.as_str())?)
        .user_attributes(attribute("email_verified", "true")?);
    if let Some(name) = name {
        request = request.user_attributes(attribute("name", name)?);
    }
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_username_exists_exception()) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed(format!("add the user {}", email.as_str()))(error).into()),
    }
}

/// Every user of the pool, over all pages.
pub async fn list(cognito: &Client, pool: &str) -> Result<Vec<User>, Error> {
    let mut pages = cognito
        .list_users()
        .user_pool_id(pool)
        .into_paginator()
        .items()
        .send();
    let mut users = Vec::new();
    while let Some(user) = pages.next().await {
        users.push(User::from(user.map_err(failed("list the users"))?));
    }
    users.sort_by(|one, other| one.email.cmp(&other.email));
    Ok(users)
}

/// Removes the user's links first, then the user: who cannot be removed keeps nothing but the need
/// to ask for a new link. Nor is a user of the same address later a test user because this one was.
/// How many links went.
pub async fn remove(
    cognito: &Client,
    pool: &str,
    mail: &MailFunction,
    email: &Email,
) -> Result<u64, Error> {
    let doing = || format!("remove the user {}", email.as_str());
    let user = find(cognito, pool, email).await?;
    mail.unmark_test(email).await?;
    let links = mail.forget(&user.sub, email).await?;
    cognito
        .admin_delete_user()
        .user_pool_id(pool)
        .username(user.username)
        .send()
        .await
        .map_err(failed(doing()))?;
    Ok(links)
}

/// Revokes every refresh token of the user.
pub async fn sign_out(cognito: &Client, pool: &str, email: &Email) -> Result<(), Error> {
    let user = find(cognito, pool, email).await?;
    cognito
        .admin_user_global_sign_out()
        .user_pool_id(pool)
        .username(user.username)
        .send()
        .await
        .map_err(failed(format!("sign {} out", email.as_str())))?;
    Ok(())
}

/// Shuts the user out: no new sign-in first, then no old session, then no link that `enable` would
/// bring back to life.
pub async fn disable(
    cognito: &Client,
    pool: &str,
    mail: &MailFunction,
    email: &Email,
) -> Result<(), Error> {
    let user = find(cognito, pool, email).await?;
    cognito
        .admin_disable_user()
        .user_pool_id(pool)
        .username(&user.username)
        .send()
        .await
        .map_err(failed(format!("disable {}", email.as_str())))?;
    sign_out(cognito, pool, email).await?;
    mail.forget(&user.sub, email).await?;
    Ok(())
}

pub async fn enable(cognito: &Client, pool: &str, email: &Email) -> Result<(), Error> {
    let user = find(cognito, pool, email).await?;
    cognito
        .admin_enable_user()
        .user_pool_id(pool)
        .username(user.username)
        .send()
        .await
        .map_err(failed(format!("enable {}", email.as_str())))?;
    Ok(())
}

/// Whether there is a user with this address.
pub async fn exists(cognito: &Client, pool: &str, email: &Email) -> Result<bool, Error> {
    match find(cognito, pool, email).await {
        Ok(_) => Ok(true),
        Err(Error::Missing(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What Cognito and the functions know a user by.
struct Known {
    username: String,
    sub: String,
}

async fn find(cognito: &Client, pool: &str, email: &Email) -> Result<Known, Error> {
    let request = cognito.admin_get_user().user_pool_id(pool);
    let found = request.username(email.as_str()).send().await;
    let user = match found {
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_user_not_found_exception()) =>
        {
            return Err(Error::Missing(email.as_str().to_owned()));
        }
        found => found.map_err(failed(format!("find the user {}", email.as_str())))?,
    };
    Ok(Known {
        sub: value_of(user.user_attributes(), "sub").unwrap_or_default(),
        username: user.username,
    })
}

impl From<UserType> for User {
    fn from(user: UserType) -> User {
        let attributes = user.attributes();
        User {
            email: value_of(attributes, "email").unwrap_or_default(),
            name: value_of(attributes, "name"),
            status: user
                .user_status()
                .map(ToString::to_string)
                .unwrap_or_default(),
            enabled: user.enabled,
            created: user
                .user_create_date()
                .and_then(|date| date.fmt(Format::DateTime).ok()),
        }
    }
}

fn value_of(attributes: &[AttributeType], name: &str) -> Option<String> {
    let attribute = attributes
        .iter()
        .find(|attribute| attribute.name() == name)?;
    attribute.value().map(str::to_owned)
}
