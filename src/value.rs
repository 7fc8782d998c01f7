//! Values as people write them, in mlink.yaml and on the command line: each refuses what is not its form,
//! and says what is.

use std::str::FromStr;
use std::time::Duration;

use mlink_core::{Email, Sender};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

pub const MINUTE: u64 = 60;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// How CloudFormation applies a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Done when everything is ready.
    Standard,
    /// Done when everything is configured; mlink itself waits for what serves.
    Express,
}

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
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> FromStr for Lifetime<MIN, MAX, DEFAULT> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (least, most) = (short(MIN), short(MAX));
        let range = format!("a time from {least} to {most}, such as 30m, 12h or 7d");
        let time =
            humantime::parse_duration(text).map_err(|_| format!("`{text}` is not {range}"))?;
        // Cognito counts in minutes.
        if (MIN..=MAX).contains(&time.as_secs()) && time.as_secs() % MINUTE == 0 {
            return Ok(Lifetime(time));
        }
        Err(format!("`{text}` is not {range}, in whole minutes"))
    }
}

/// How long a link is good.
pub type LinkLifetime = Lifetime<{ MINUTE }, { 7 * DAY }, { 30 * MINUTE }>;

/// Reads the lifetime of a link as mlink.yaml writes it.
pub fn link_lifetime(text: &str) -> Result<Duration, String> {
    text.parse().map(|LinkLifetime { 0: lifetime }| lifetime)
}

/// Seconds as mlink.yaml writes them.
fn short(seconds: u64) -> String {
    match seconds {
        days if days % DAY == 0 => format!("{}d", days / DAY),
        hours if hours % HOUR == 0 => format!("{}h", hours / HOUR),
        minutes => format!("{}m", minutes / MINUTE),
    }
}

/// A time in whole seconds from none to `MAX`, written `0s`, `30s`, `2m`.
#[derive(Debug)]
pub struct Pause<const MAX: u64, const DEFAULT: u64>(pub Duration);

impl<const MAX: u64, const DEFAULT: u64> Default for Pause<MAX, DEFAULT> {
    fn default() -> Self {
        Pause(Duration::from_secs(DEFAULT))
    }
}

impl<'de, const MAX: u64, const DEFAULT: u64> Deserialize<'de> for Pause<MAX, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = humantime::parse_duration(&text).ok();
        time.filter(|time| time.as_secs() <= MAX && time.subsec_nanos() == 0)
            .map(Pause)
            .ok_or_else(|| {
                let most = short(MAX);
                let form = format!("a time in whole seconds from 0s to {most}, such as 30s or 2m");
                D::Error::custom(format!("`{text}` is not {form}"))
            })
    }
}

/// At most `MAX` in an hour (`h`) or a second (`s`), written `5/h`, `50/s`.
#[derive(Debug)]
pub struct Rate<const PER: char, const MAX: u32, const DEFAULT: u32>(pub u32);

impl<const PER: char, const MAX: u32, const DEFAULT: u32> Default for Rate<PER, MAX, DEFAULT> {
    fn default() -> Self {
        Rate(DEFAULT)
    }
}

impl<'de, const PER: char, const MAX: u32, const DEFAULT: u32> Deserialize<'de>
    for Rate<PER, MAX, DEFAULT>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.strip_suffix(PER).and_then(|t| t.strip_suffix('/'));
        number
            .and_then(|number| number.parse().ok())
            .filter(|number| (1..=MAX).contains(number))
            .map(Rate)
            .ok_or_else(|| {
                let form = format!("a rate from 1/{PER} to {MAX}/{PER}, such as {DEFAULT}/{PER}");
                D::Error::custom(format!("`{text}` is not {form}"))
            })
    }
}

/// A number from 1 to `MAX`.
#[derive(Debug)]
pub struct Count<const MAX: u32, const DEFAULT: u32>(pub u32);

impl<const MAX: u32, const DEFAULT: u32> Default for Count<MAX, DEFAULT> {
    fn default() -> Self {
        Count(DEFAULT)
    }
}

impl<'de, const MAX: u32, const DEFAULT: u32> Deserialize<'de> for Count<MAX, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        if (1..=MAX).contains(&number) {
            return Ok(Count(number));
        }
        let message = format!("`{number}` is not a number from 1 to {MAX}");
        Err(D::Error::custom(message))
    }
}

/// How many days CloudWatch keeps a log. It knows these and no others.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
#[derive(Debug)]
pub struct Retention(pub u32);

const RETENTIONS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

impl Default for Retention {
    fn default() -> Self {
        Retention(30)
    }
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        days.filter(|days| RETENTIONS.contains(days))
            .map(Retention)
            .ok_or_else(|| {
                let known = RETENTIONS.map(|days| format!("{days}d")).join(", ");
                let message = format!("`{text}` is not a time that CloudWatch keeps logs: {known}");
                D::Error::custom(message)
            })
    }
}

/// A name that people read: one line of 1 to 60 characters.
#[derive(Debug)]
pub struct Title(pub String);

impl<'de> Deserialize<'de> for Title {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Title, D::Error> {
        let text = String::deserialize(deserializer)?;
        line(&text, 60).map(Title).map_err(D::Error::custom)
    }
}

/// The subject of the mails, one line of 1 to 120 characters, with `{product}` and `{brand}` in it.
#[derive(Debug)]
pub struct Subject(pub String);

impl Default for Subject {
    fn default() -> Self {
        Subject("Your sign-in link for {product}".to_owned())
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Subject, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = text.replace("{product}", "").replace("{brand}", "");
        if known.contains(['{', '}']) {
            let message = format!("`{text}` has braces other than {{product}} and {{brand}}");
            return Err(D::Error::custom(message));
        }
        line(&text, 120).map(Subject).map_err(D::Error::custom)
    }
}

/// A line of text without anything around it.
fn line(text: &str, longest: usize) -> Result<String, String> {
    let trimmed = text.trim();
    let fits = (1..=longest).contains(&trimmed.chars().count());
    if fits && !trimmed.contains(char::is_control) {
        return Ok(trimmed.to_owned());
    }
    let shown = trimmed.escape_debug();
    Err(format!(
        "`{shown}` is not one line of 1 to {longest} characters"
    ))
}

/// Who is told when mail cannot be sent or a function fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarms {
    /// An SNS topic is made with this subscriber, who has to confirm it once.
    Email(String),
    /// ARN of an SNS topic that is there.
    Topic(String),
}

impl<'de> Deserialize<'de> for Alarms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Alarms, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with("arn:") && text.split(':').nth(2) == Some("sns") {
            return Ok(Alarms::Topic(text));
        }
        Email::parse(&text)
            .map(|email| Alarms::Email(email.as_str().to_owned()))
            .map_err(|_| {
                let form = "neither an address nor the ARN of an SNS topic";
                D::Error::custom(format!("`{text}` is {form}"))
            })
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
