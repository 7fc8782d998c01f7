//! The values of mlink.yaml: each refuses what is not its form, and says what is.

use std::time::Duration;

use mlink_core::Sender;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

pub const MINUTE: u64 = 60;
pub const DAY: u64 = 24 * 60 * MINUTE;

/// The name of the deployment or of a stage. Both become part of the names of the stack and of the
/// functions, of which Lambda allows 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    pub fn parse(text: &str) -> Result<Name, String> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=20).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.chars().all(allowed);
        if fits {
            return Ok(Name(text.to_owned()));
        }
        Err(format!(
            "`{text}` cannot be part of a stack's name: it takes 1 to 20 lower-case letters, digits \
             and hyphens, begins with a letter and does not end with a hyphen"
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Name {
    fn default() -> Name {
        Name("mlink".to_owned())
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        Name::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A time in whole seconds between `MIN` and `MAX`, written `30m`, `1h`, `7d`.
#[derive(Debug)]
pub struct Lifetime<const MIN: u64, const MAX: u64, const DEFAULT: u64>(pub Duration);

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Default for Lifetime<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Lifetime(Duration::from_secs(DEFAULT))
    }
}

impl<'de, const MIN: u64, const MAX: u64, const DEFAULT: u64> Deserialize<'de>
    for Lifetime<MIN, MAX, DEFAULT>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let range = || {
            format!(
                "a time from {} to {}, such as 30m, 12h or 7d",
                short(MIN),
                short(MAX)
            )
        };
        let time = humantime::parse_duration(&text)
            .map_err(|_| D::Error::custom(format!("`{text}` is not {}", range())))?;
        // Cognito counts in minutes.
        if (MIN..=MAX).contains(&time.as_secs()) && time.as_secs() % MINUTE == 0 {
            return Ok(Lifetime(time));
        }
        Err(D::Error::custom(format!(
            "`{text}` is not {}, in whole minutes",
            range()
        )))
    }
}

/// Seconds as mlink.yaml writes them.
fn short(seconds: u64) -> String {
    match seconds {
        days if days % DAY == 0 => format!("{}d", days / DAY),
        hours if hours % (60 * MINUTE) == 0 => format!("{}h", hours / (60 * MINUTE)),
        minutes => format!("{}m", minutes / MINUTE),
    }
}

/// A sender out of text.
#[derive(Debug)]
pub struct From(pub Sender);

impl<'de> Deserialize<'de> for From {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<From, D::Error> {
        let text = String::deserialize(deserializer)?;
        let refused = |error| D::Error::custom(format!("`{text}`: {error}"));
        text.parse::<Sender>().map(From).map_err(refused)
    }
}

/// An AWS account: twelve digits.
#[derive(Debug)]
pub struct Account(pub String);

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Account, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Account(text));
        }
        Err(D::Error::custom(format!(
            "`{text}` is no account: 12 digits, in quotes"
        )))
    }
}
