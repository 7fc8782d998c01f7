//! The layout of the link table: the one place that spells its keys and attributes.

use crate::{Caller, Email, Label, MacKey, Secret};

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
/// Test user: whom the mark is for, so that the next user of the address does not inherit it.
pub const SUB: &str = "sub";
/// Message: there once its work is done.
pub const DONE_AT: &str = "done_at";
/// Throttle: the request that the newest mail was for.
pub const REQUEST: &str = "request";
/// Caller: how many requests came in the hour.
pub const COUNT: &str = "count";

/// How long a consumed link stays, to answer a late retry as before.
pub const TOMBSTONE_SECONDS: u64 = 24 * 60 * 60;

/// The sort key of an item that has its partition to itself.
pub const ALONE: &str = "-";

/// What the sort key of every link begins with.
pub const LINK_PREFIX: &str = "link#";

/// The sort key of a user's code: one a user, so that a new one takes the place of the old.
const CODE: &str = "code";

/// The sort key of the list of a user's links that are out.
const OUTSTANDING: &str = "outstanding";

/// The partition of the markers of test users: one for all, so that they can be counted.
pub const TEST: &str = "test#";

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

    /// The list of a user's links that are out, newest first, in the attributes that [`slot`] names.
    pub fn outstanding(sub: &str) -> Self {
        let sk = OUTSTANDING.to_owned();
        let pk = user(sub);
        Self { pk, sk }
    }

    /// When the last mails to an address were, newest first, in the attributes that [`slot`] names.
    pub fn throttle(key: &MacKey, email: &Email) -> Self {
        Self {
            pk: format!("throttle#{}", key.mac(Label::Throttle, email.as_str())),
            sk: ALONE.to_owned(),
        }
    }

    /// How many requests a caller made in the hour that contains `now` (seconds since 1970).
    pub fn caller(key: &MacKey, caller: &Caller, now: u64) -> Self {
        let hour = now / 3600;
        Self {
            pk: format!("ip#{}", key.mac(Label::Caller, &format!("{caller} {hour}"))),
            sk: ALONE.to_owned(),
        }
    }

    /// The marker of a test user.
    pub fn test(key: &MacKey, email: &Email) -> Self {
        Self {
            pk: TEST.to_owned(),
            sk: key.mac(Label::Test, email.as_str()),
        }
    }

    /// The marker of a queue message.
    pub fn message(request_id: &str) -> Self {
        Self {
            pk: format!("message#{request_id}"),
            sk: ALONE.to_owned(),
        }
    }
}

/// The attribute that holds entry `number` of a list, counted from 1, the newest. Attributes and not
/// a list of DynamoDB's, because one update can push every entry one further and drop the last:
/// all its values are read before any is written.
pub fn slot(number: u32) -> String {
    format!("s{number}")
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
