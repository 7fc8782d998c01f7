//! The layout of the link table: the one place that spells its keys and attributes.

use crate::Secret;

/// Partition key.
pub const PK: &str = "pk";
/// Sort key.
pub const SK: &str = "sk";
/// When DynamoDB may delete the item, in seconds since 1970. It does so days late, therefore a
/// condition always asks [`EXP`] too.
pub const TTL: &str = "ttl";

/// Link, code: MAC of the address at issue.
pub const EMAIL_MAC: &str = "email_mac";
/// Link, code: the second from which on it is worthless.
pub const EXP: &str = "exp";
/// Link: who had it made.
pub const ISSUER: &str = "issuer";
/// Link, code: the attempt that consumed it.
pub const CONSUMER: &str = "consumer";
/// Link: when it was consumed.
pub const CONSUMED_AT: &str = "consumed_at";
/// Code: [MAC](crate::Code::mac) of user and code.
pub const MAC: &str = "mac";
/// Code: how many guesses were made. The right one is among them, and the last.
pub const WRONG: &str = "wrong";
/// Code: the [names](crate::Code::guess) of these guesses, a set of texts.
pub const GUESSES: &str = "guesses";
/// Message: there once its work is done.
pub const DONE_AT: &str = "done_at";

/// How long a consumed link stays, to answer a late retry as before.
pub const TOMBSTONE_SECONDS: u64 = 24 * 60 * 60;

/// The sort key of an item that has its partition to itself.
pub const ALONE: &str = "-";

/// What the sort key of every link begins with.
pub const LINK_PREFIX: &str = "link#";

/// The sort key of a user's code: one a user, so that a new one takes the place of the old.
const CODE: &str = "code";

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

    /// The code of a user.
    pub fn code(sub: &str) -> Self {
        let sk = CODE.to_owned();
        let pk = user(sub);
        Self { pk, sk }
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

/// The `sub` of nobody: one under which no item can exist (a real one is a UUID), for work that must
/// look the same when there is no such user. It varies with what is random about a request, so that
/// such requests spread over the table like any others.
pub fn nobody(random: &str) -> String {
    format!("nobody/{random}")
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
        assert_ne!(Key::code(&nobody("one")).pk, Key::code(&nobody("two")).pk);
        assert_eq!(Key::code(&nobody("one")).pk, "user#nobody/one");
    }

    #[test]
    fn a_user_has_one_code() {
        let key = Key::code(SUB);
        assert_eq!(key.pk, format!("user#{SUB}"));
        assert_eq!(key.sk, "code");
    }
}
