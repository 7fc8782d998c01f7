//! What AWS's words about a failed resource mean, and what helps. Pure: the tables are in `known/`.
//!
//! The words are matched, never the codes: handlers report a denial by an organization as
//! `GeneralServiceException`, a name that is taken as `InvalidRequest`, a queue that was deleted a moment
//! ago as `Throttling`. Each message comes in up to three forms, which differ in what is around the
//! sentence: wrapped (`Resource handler returned message: "…" (RequestToken: …)`), old (`… (Service: …;
//! Status Code: …)`) and bare.

mod api;
mod certificates;
mod cognito;
mod deletion;
mod functions;
mod limits;
#[cfg(test)]
pub mod messages;
mod names;
mod permissions;
mod service;
#[cfg(test)]
mod tests;
mod words;

use super::Context;
use crate::event::Cause;
use words::captures;

/// A failure that people have met before.
struct Known {
    name: &'static str,
    /// The resource types that it is about; any if empty.
    types: &'static [&'static str],
    /// Any of these sentences; `*` stands for anything.
    says: &'static [&'static str],
    tells: fn(&Told<'_>) -> Advice,
}

/// What was said, about what, and where.
struct Told<'a> {
    context: &'a Context<'a>,
    cause: &'a Cause,
    /// What the stars of the sentence stand for.
    parts: Vec<&'a str>,
}

/// What a failure means, in a sentence, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    pub name: &'static str,
    pub meaning: String,
    /// Sentences, and commands on lines of their own that begin with two blanks.
    pub help: String,
}

/// The tables, from the special to the general: the first that matches is right. A denial comes
/// first, for what it is wrapped in misleads.
const TABLES: [&[Known]; 9] = [
    permissions::TABLE,
    certificates::TABLE,
    names::TABLE,
    limits::TABLE,
    cognito::TABLE,
    functions::TABLE,
    deletion::TABLE,
    api::TABLE,
    service::TABLE,
];

/// What is known about failures of this type of resource for this reason.
pub fn advice(cause: &Cause, context: &Context<'_>) -> Option<Advice> {
    TABLES.iter().copied().flatten().find_map(|known| {
        let kind = cause.resource_type.as_str();
        if !known.types.is_empty() && !known.types.contains(&kind) {
            return None;
        }
        let mut says = known.says.iter();
        let parts = says.find_map(|says| captures(says, &cause.reason))?;
        let advice = (known.tells)(&Told {
            context,
            cause,
            parts,
        });
        Some(Advice {
            name: known.name,
            ..advice
        })
    })
}

impl Told<'_> {
    fn text(&self) -> &str {
        &self.cause.reason
    }

    fn part(&self, index: usize) -> &str {
        self.parts.get(index).copied().unwrap_or_default()
    }

    /// Tells about the failure; help is added by [`Advice::say`] and [`Advice::run`].
    fn means(&self, meaning: impl Into<String>) -> Advice {
        Advice {
            name: "",
            meaning: meaning.into(),
            help: String::new(),
        }
    }

    fn aws(&self, arguments: impl std::fmt::Display) -> String {
        self.context.aws_in(&self.context.region, arguments)
    }

    /// For what CloudFront, IAM and their like keep in one region for the whole world.
    fn aws_global(&self, arguments: impl std::fmt::Display) -> String {
        self.context.aws_in("us-east-1", arguments)
    }

    fn mlink(&self, verb: &str) -> String {
        self.context.mlink(verb)
    }

    /// Signs in again. With a profile the command is whole; who has none knows how they signed in.
    fn login(&self) -> String {
        let profile = self.context.aws_flags.contains("--profile");
        let flags = if profile { &self.context.aws_flags } else { "" };
        format!("aws sso login{flags}")
    }

    /// The same command once more is what helps.
    fn again(&self, meaning: impl Into<String>, when: &str) -> Advice {
        let advice = self.means(meaning);
        advice.say(when).run(self.context.again())
    }
}

impl Advice {
    fn say(mut self, sentence: impl AsRef<str>) -> Advice {
        self.line("", sentence.as_ref());
        self
    }

    fn run(mut self, command: impl AsRef<str>) -> Advice {
        self.line("  ", command.as_ref());
        self
    }

    fn line(&mut self, indent: &str, text: &str) {
        if !self.help.is_empty() {
            self.help.push('\n');
        }
        self.help.push_str(indent);
        self.help.push_str(text);
    }
}
