use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::operation::admin_get_user::{
    AdminGetUserError, AdminGetUserOutput,
};
use mlink_core::Email;
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
    /// Nobody who may be sent a link, and why, for the log.
    Nobody(&'static str),
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
                Some(AdminGetUserError::UserNotFoundException(_)) => Ok(Entry::Nobody("unknown")),
                _ => Err(DirectoryError(reason(&error))),
            },
        }
    }
}

/// The status does not matter: a user without a password yet signs in by link all the same.
fn entry(user: &AdminGetUserOutput) -> Entry {
    let attribute = |name: &str| {
        let found = user.user_attributes().iter().find(|a| a.name() == name);
        found.and_then(|attribute| attribute.value())
    };
    let (Some(sub), Some(email)) = (attribute("sub"), attribute("email")) else {
        return Entry::Nobody("without an address");
    };
    if !user.enabled() {
        Entry::Nobody("disabled")
    } else if attribute("email_verified") != Some("true") {
        Entry::Nobody("unverified")
    } else if Email::parse(email).is_err() {
        // Cognito takes more for an address than a mail can safely be sent to, lists for one.
        Entry::Nobody("not an address")
    } else {
        Entry::Recipient(Recipient {
            sub: sub.to_owned(),
            email: email.to_owned(),
        })
    }
}
