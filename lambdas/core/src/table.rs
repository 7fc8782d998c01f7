//! The layout of the link table: the one place that spells its keys and attributes.

use crate::Secret;

/// Partition key.
pub const PK: &str = "pk";
/// Sort key.
pub const SK: &str = "sk";
/// When DynamoDB may delete the item, in seconds since 1970. It does so days late, therefore a
/// condition always asks [`EXP`] too.
pub const TTL: &str = "ttl";

/// Link: MAC of the address at issue.
pub const EMAIL_MAC: &str = "email_mac";
/// Link: the second from which on it is worthless.
pub const EXP: &str = "exp";
/// Link: who had it made.
pub const ISSUER: &str = "issuer";
/// Link: the attempt that consumed it.
pub const CONSUMER: &str = "consumer";
/// Link: when it was consumed.
pub const CONSUMED_AT: &str = "consumed_at";
/// Message: there once its work is done.
pub const DONE_AT: &str = "done_at";

/// How long a consumed link stays, to answer a late retry as before.
pub const TOMBSTONE_SECONDS: u64 = 24 * 60 * 60;

/// The sort key of an item that has its partition to itself.
pub const ALONE: &str = "-";

/// What the sort key of every link begins with.
pub const LINK_PREFIX: &str = "link#";

/// The two keys of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    /// A link of a user.
    pub fn link(sub: &str, secret: &Secret) -> Self {
        let sk = format!("{LINK_PREFIX}{}", secret.hash());
        let pk = user(sub);
        Self { pk, sk }
    }

    /// A link of nobody: a key under which no item can exist (a `sub` is a UUID), for work that
    /// must look the same when there is no such user. It varies with the secret, so that such
    /// requests spread over the table like any others.
    pub fn nobody(secret: &Secret) -> Self {
        Self::link(&format!("nobody/{}", secret.hash()), secret)
    }

    /// The marker of a queue message.
    pub fn message(request_id: &str) -> Self {
        Self {
            pk: format!("message#{request_id}"),
            sk: ALONE.to_owned(),
        }
    }
}

/// The partition that holds everything of one user.
pub fn user(sub: &str) -> String {
    format!("user#{sub}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUB: &str = "0c2e1a5e-7f5b-4d6b-8f5e-2f9f3d1f6a10";

    #[test]
    fn a_link_is_found_by_user_and_hash() {
        let secret = Secret::generate().unwrap();
        let key = Key::link(SUB, &secret);
        assert_eq!(key.pk, format!("user#{SUB}"));
        assert_eq!(key.sk, format!("link#{}", secret.hash()));
        assert!(!key.sk.contains(&secret.reveal()));
    }

    #[test]
    fn nobody_shares_no_partition() {
        let (one, two) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(Key::nobody(&one).pk, Key::nobody(&two).pk);
        assert!(Key::nobody(&one).pk.starts_with("user#nobody/"));
        assert_eq!(Key::nobody(&one).sk, Key::link(SUB, &one).sk);
    }
}
