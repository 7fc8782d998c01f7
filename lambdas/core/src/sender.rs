use std::fmt::Write;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::{Email, EmailError};

/// Why a text cannot stand in a `From` header.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SenderError {
    #[error(
        "the sender is not an address, nor a name and an address as in `Acme <login@acme.example>`"
    )]
    Form,
    #[error("the sender's address is none: {0}")]
    Address(#[from] EmailError),
    #[error("the sender's name has a control character in it")]
    Name,
}

/// Whom the mail comes from: `login@acme.example` or `Acme <login@acme.example>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    name: String,
    address: Email,
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, SenderError> {
        let text = text.trim();
        let Some(inner) = text.strip_suffix('>') else {
            return Ok(Self {
                name: String::new(),
                address: Email::parse(text)?,
            });
        };
        let (name, address) = inner.split_once('<').ok_or(SenderError::Form)?;
        let name = unquoted(name.trim());
        if name.chars().any(char::is_control) {
            return Err(SenderError::Name);
        }
        Ok(Self {
            name: name.to_owned(),
            address: Email::parse(address)?,
        })
    }
}

impl Sender {
    /// The bare address, for which the right to send is given.
    pub fn address(&self) -> &Email {
        &self.address
    }

    /// The value of the `From` header. SES wants the name safe for a header: quoted, so that
    /// `Acme, Inc.` is one sender and not a list of two, or encoded where it is not ASCII.
    pub fn header(&self) -> String {
        let address = self.address.as_str();
        if self.name.is_empty() {
            address.to_owned()
        } else if self.name.is_ascii() {
            let name = self.name.replace('\\', r"\\").replace('"', "\\\"");
            format!("\"{name}\" <{address}>")
        } else {
            format!("{} <{address}>", encoded_words(&self.name))
        }
    }
}

/// The name without the quotes that a person may have put around it.
fn unquoted(name: &str) -> &str {
    name.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(name)
}

/// Encoded words (RFC 2047): each at most 75 characters long, none cutting a character in two.
fn encoded_words(text: &str) -> String {
    const LONGEST_PIECE: usize = 45;
    let mut words = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(rest.floor_char_boundary(LONGEST_PIECE));
        let space = if words.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(words, "{space}=?UTF-8?B?{}?=", STANDARD.encode(piece));
        rest = tail;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> String {
        text.parse::<Sender>().unwrap().header()
    }

    #[test]
    fn a_bare_address_stays_bare() {
        assert_eq!(header("login@acme.example"), "login@acme.example");
    }

    #[test]
    fn a_name_is_quoted() {
        let expected = "\"Acme\" <login@acme.example>";
        assert_eq!(header("Acme <login@acme.example>"), expected);
        assert_eq!(header("\"Acme\" <login@acme.example>"), expected);
        assert_eq!(
            header("Acme, \"the\" \\ Inc. <login@acme.example>"),
            r#""Acme, \"the\" \\ Inc." <login@acme.example>"#
        );
    }

    #[test]
    fn a_foreign_name_is_encoded() {
        assert_eq!(
            header("Bücher <login@acme.example>"),
            "=?UTF-8?B?QsO8Y2hlcg==?= <login@acme.example>"
        );
        let long = header(&format!("{} <login@acme.example>", "ü".repeat(50)));
        let words: Vec<&str> = long.split(' ').collect();
        assert_eq!(words.len(), 4);
        assert!(words.iter().all(|word| word.len() <= 75), "{words:?}");
    }

    #[test]
    fn the_address_is_the_bare_one() {
        let sender = "Acme <Login@Acme.example>".parse::<Sender>().unwrap();
        assert_eq!(sender.address().as_str(), "login@acme.example");
    }

    #[test]
    fn what_cannot_send_is_refused() {
        for wrong in [
            "",
            "Acme",
            "login@acme.example>",
            "Acme <>",
            "Acme <login@acme.example> x",
            "Acme <a@b.co> <c@d.co>",
            "a@b.co, c@d.co",
            "Acme\r\nBcc: x <login@acme.example>",
        ] {
            assert!(wrong.parse::<Sender>().is_err(), "{wrong:?}");
        }
    }
}
