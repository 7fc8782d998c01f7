use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::operation::admin_get_user::{
    AdminGetUserError, AdminGetUserOutput,
};
use aws_sdk_cognitoidentityprovider::types::UserStatusType;
use mlink_core::{Email, Refusal};
use mlink_runtime::reason;
use thiserror::Error;

#[derive(Debug, Error)]
#[error("the user pool did not answer: {0}")]
pub struct DirectoryError(String);

/// The user pool, as far as `mail` has to do with it.
pub struct Directory {
    client: Client,
    pool: String,
}

/// Somebody who may be sent a link.
pub struct Recipient {
    pub sub: String,
    /// The address as Cognito has it, which is what `challenge` will compare.
    pub email: String,
}

/// Who stands behind an address.
pub enum Entry {
    Recipient(Recipient),
    /// Nobody who may be sent a link, and why, for the log and for administrators.
    Nobody(Refusal),
}

impl Entry {
    pub fn recipient(&self) -> Option<&Recipient> {
        match self {
            Self::Recipient(recipient) => Some(recipient),
            Self::Nobody(_) => None,
        }
    }
}

impl Directory {
    pub fn new(client: Client, pool: String) -> Self {
        Self { client, pool }
    }

    /// Looks an address up; an address is an alias of the user's name in the pool.
    pub async fn find(&self, email: &Email) -> Result<Entry, DirectoryError> {
        let found = self
            .client
            .admin_get_user()
            .user_pool_id(&self.pool)
            .username(email.as_str())
            .send()
            .await;
        match found {
            Ok(user) => Ok(entry(&user)),
            Err(error) => match error.as_service_error() {
                Some(AdminGetUserError::UserNotFoundException(_)) => {
                    Ok(Entry::Nobody(Refusal::Unknown))
                }
                _ => Err(DirectoryError(reason(&error))),
            },
        }
    }
}

/// Of all statuses only that of who signed up and never confirmed it matters; a user without a
/// password yet signs in by link all the same.
fn entry(user: &AdminGetUserOutput) -> Entry {
    let attribute = |name: &str| {
        let found = user.user_attributes().iter().find(|a| a.name() == name);
        found.and_then(|attribute| attribute.value())
    };
    if !user.enabled() {
        return Entry::Nobody(Refusal::Disabled);
    }
    if user.user_status() == Some(&UserStatusType::Unconfirmed) {
        return Entry::Nobody(Refusal::Unconfirmed);
    }
    let verified = attribute("email_verified") == Some("true");
    match (attribute("sub"), attribute("email")) {
        // Cognito takes more for an address than a mail can safely be sent to, lists for one.
        (Some(_), Some(email)) if Email::parse(email).is_err() => {
            Entry::Nobody(Refusal::NotAnAddress)
        }
        (Some(sub), Some(email)) if verified => Entry::Recipient(Recipient {
            sub: sub.to_owned(),
            email: email.to_owned(),
        }),
        _ => Entry::Nobody(Refusal::Unverified),
    }
}
