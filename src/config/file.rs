//! mlink.yaml as it is written.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Alarms, Architecture, Domain, Error, Mode, Name, Throttle};
use crate::value::{
    Account, Count, DAY, From, HOUR, Lifetime, LinkLifetime, MINUTE, Pause, Rate, Retention,
    Subject, Title,
};

pub const NAME: &str = "mlink.yaml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    pub name: Name,
    pub brand: Option<Title>,
    pub product: Option<Title>,
    pub region: Option<String>,
    pub architecture: Architecture,
    pub link: Link,
    pub session: Session,
    pub email: Email,
    pub throttle: Throttles,
    pub logs: Logs,
    pub alarms: Option<Alarms>,
    pub stages: BTreeMap<String, Option<Stage>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stage {
    pub account: Option<Account>,
    pub region: Option<String>,
    pub protected: bool,
    pub mode: Option<Mode>,
    pub test_users: Option<bool>,
    pub domain: Option<Domain>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    pub lifetime: LinkLifetime,
}

/// The ranges are Cognito's: TokenValidityUnits in the API reference of CreateUserPoolClient.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Session {
    pub access: Lifetime<{ 5 * MINUTE }, DAY, HOUR>,
    pub refresh: Lifetime<HOUR, { 3650 * DAY }, { 30 * DAY }>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Email {
    pub from: Option<From>,
    pub reply_to: Option<From>,
    pub subject: Subject,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Throttles {
    address: PerAddress,
    caller: PerCaller,
    api: Api,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PerAddress {
    pause: Pause<HOUR, 30>,
    mails: Rate<'h', 20, 5>,
    links: Count<20, 5>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PerCaller {
    requests: Rate<'h', 100_000, 60>,
}

/// The upper ends are the account's quota for all its APIs in a region.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Api {
    rate: Rate<'s', 10_000, 50>,
    burst: Count<5_000, 100>,
}

impl std::convert::From<Throttles> for Throttle {
    fn from(written: Throttles) -> Throttle {
        Throttle {
            mail_pause: written.address.pause.0,
            mails_per_hour: written.address.mails.0,
            links: written.address.links.0,
            requests_per_hour: written.caller.requests.0,
            api_requests_per_second: written.api.rate.0,
            api_burst: written.api.burst.0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Logs {
    pub retention: Retention,
}

impl File {
    pub fn read(path: &Path) -> Result<File, Error> {
        let text = fs_err::read_to_string(path)?;
        // An empty file, or one with comments only, configures nothing.
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            return Ok(File::default());
        }
        let file: File = serde_yaml::from_str(&text).map_err(|error| {
            // The location stands in front already.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message);
            let from = error.location().map(|at| at.index());
            // For a value that this program refuses, the parser gives the place of the map around it.
            let (line, column) = match (from, message.split('`').nth(1)) {
                (Some(from), Some(culprit)) => place_of(&text, from, culprit),
                (Some(from), None) => place_of(&text, from, ""),
                (None, _) => (0, 0),
            };
            Error::File {
                file: path.to_owned(),
                line,
                column,
                message: message.to_owned(),
            }
        })?;
        for (stage, own) in &file.stages {
            // Names of stages are keys, for which the parser gives the place of the whole map.
            let refused = Name::parse(stage)
                .err()
                .map(|message| (stage.as_str(), message));
            let refused = refused.or_else(|| {
                let message = own.as_ref()?.contradiction()?;
                Some(("test_users", message))
            });
            if let Some((culprit, message)) = refused {
                let from = text.find("stages").unwrap_or_default();
                let from = from + text[from..].find(stage.as_str()).unwrap_or_default();
                let (line, column) = place_of(&text, from, culprit);
                return Err(Error::File {
                    file: path.to_owned(),
                    line,
                    column,
                    message,
                });
            }
        }
        Ok(file)
    }
}

impl Stage {
    /// What cannot be meant together.
    fn contradiction(&self) -> Option<String> {
        let both = self.protected && self.test_users == Some(true);
        both.then(|| "a protected stage has no test users: anybody can sign in as one".to_owned())
    }
}

/// Line and column, counted from one, of the first `wanted` that stands by itself at or after a place
/// in the text; of that place, where there is none.
fn place_of(text: &str, from: usize, wanted: &str) -> (usize, usize) {
    let from = text.floor_char_boundary(from);
    let alone = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[at + wanted.len()..].chars().next();
        ![before, after]
            .iter()
            .flatten()
            .any(|c| c.is_alphanumeric())
    };
    let found = text[from..]
        .match_indices(wanted)
        .map(|(at, _)| from + at)
        .find(alone);
    let before = &text[..found.unwrap_or(from)];
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}
