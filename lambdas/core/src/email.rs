use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Why a text is no address. The messages suit a person; none repeats the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EmailError {
    #[error("an address has one @ between a name and a domain")]
    NoAt,
    #[error("an address is at most 254 characters long, the part before the @ at most 64")]
    TooLong,
    #[error("only ASCII letters, digits and the usual signs can stand in an address here")]
    Character,
    #[error("the part before the @ may not begin or end with a dot, nor have two in a row")]
    Dots,
    #[error("the part after the @ is not a domain name such as example.com")]
    Domain,
}

/// One address, in the one spelling by which a user is known: NFKC, lower case, ASCII.
///
/// A `dot-atom` at a domain name (RFC 5322, section 3.4.1): no quoted names, no IP addresses in
/// brackets, no display name, no list. It has no `Display` and its `Debug` hides it, because an
/// address belongs in no log; who needs the text says so with [`as_str`](Email::as_str).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// RFC 5321, section 4.5.3.1: a path is at most 256 octets, its angle brackets included.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 253;
const LONGEST_DOMAIN_LABEL: usize = 63;

impl Email {
    /// Normalises and checks what a person typed. Nothing is trimmed: a text with a space or a
    /// line break around the address is not an address.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        // A character takes four bytes at most and leaves at least one: a longer text cannot
        // become an address, and is not worth normalising.
        if text.len() > 4 * LONGEST {
            return Err(EmailError::TooLong);
        }
        let email = text.nfkc().collect::<String>().to_lowercase();
        if !email.bytes().all(is_possible) {
            return Err(EmailError::Character);
        }
        let (local, domain) = email.split_once('@').ok_or(EmailError::NoAt)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::NoAt);
        }
        if email.len() > LONGEST || local.len() > LONGEST_LOCAL {
            return Err(EmailError::TooLong);
        }
        if local.split('.').any(str::is_empty) {
            return Err(EmailError::Dots);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        Ok(Self(email))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// The characters of an `atext` (RFC 5322, section 3.2.3), the dot and the at sign.
fn is_possible(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&byte)
}

/// Two labels at least, and a last one that is no number (so no bare IPv4 address).
fn is_domain(domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.len() <= LONGEST_DOMAIN
        && domain.contains('.')
        && domain.split('.').all(is_domain_label)
        && !top.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_domain_label(label: &str) -> bool {
    (1..=LONGEST_DOMAIN_LABEL).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(text: &str) -> String {
        Email::parse(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn one_user_has_one_spelling() {
        assert_eq!(normal("Alice@Example.COM"), "alice@example.com");
        assert_eq!(
            normal("ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
            "alice@example.com"
        );
        // The Kelvin sign is a K to NFKC.
        assert_eq!(normal("\u{212a}ate@example.com"), "kate@example.com");
    }

    #[test]
    fn usual_addresses_pass() {
        for good in [
            "a@b.co",
            "o'brien+tag@mail.example.co.uk",
            "first.last@xn--bcher-kva.example",
            "1234567890@123.example",
            "!#$%&'*+-/=?^_`{|}~@example.com",
        ] {
            assert_eq!(normal(good), good);
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        use EmailError::{Character, Domain, Dots, NoAt, TooLong};
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_all = format!("a@{}example.com", "b.".repeat(125));
        let huge = "a".repeat(1 << 20);
        for (text, reason) in [
            ("", NoAt),
            ("alice", NoAt),
            ("@example.com", NoAt),
            ("alice@", NoAt),
            ("a@b@example.com", NoAt),
            (" a@b.co", Character),
            ("a@b.co\n", Character),
            ("a@b.co\r\nBcc: c@d.co", Character),
            ("a\0@b.co", Character),
            ("a@b.co,c@d.co", Character),
            ("a@b.co;c@d.co", Character),
            ("Alice <a@b.co>", Character),
            ("\"a b\"@b.co", Character),
            ("a\\@b.co", Character),
            ("a(comment)@b.co", Character),
            ("a@[127.0.0.1]", Character),
            ("älice@example.com", Character),
            ("alice@exämple.com", Character),
            ("a\u{200b}@b.co", Character),
            ("\u{202e}a@b.co", Character),
            (".a@b.co", Dots),
            ("a.@b.co", Dots),
            ("a..b@b.co", Dots),
            ("a@localhost", Domain),
            ("a@127.0.0.1", Domain),
            ("a@b..co", Domain),
            ("a@b.co.", Domain),
            ("a@-b.co", Domain),
            ("a@b-.co", Domain),
            ("a@b_c.co", Domain),
            (&long_label, Domain),
            (&long_local, TooLong),
            (&long_all, TooLong),
            (&huge, TooLong),
        ] {
            assert_eq!(Email::parse(text), Err(reason), "{text:.60}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Email::parse("a@b.co").unwrap()), "Email(…)");
    }

    proptest! {
        #[test]
        fn a_normal_address_is_its_own_normal_form(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().is_ascii());
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }

        #[test]
        fn the_usual_shape_is_always_an_address(text in "[A-Za-z0-9+_-]{1,64}@[a-z0-9]{1,63}\\.[a-zA-Z]{2,10}") {
            prop_assert_eq!(normal(&text), text.to_lowercase());
        }
    }
}
