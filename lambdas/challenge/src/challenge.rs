use lambda_runtime::Diagnostic;
use mlink_core::table::{self, Key};
use mlink_core::{Answer, Attempt, Email, Event, Label, MacKey, Next, RandomError, Trigger};
use mlink_runtime::{epoch_seconds, log};
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::timeout;

use crate::clients::PATIENCE;
use crate::codes::{Codes, Guess};
use crate::links::{Consumption, Links, TableError};

/// Why the trigger fails, which Cognito tells the person who is signing in: nothing in it may
/// depend on who that is.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the event is none of the custom authentication triggers")]
    OtherTrigger,
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Table(#[from] TableError),
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: "ChallengeError".to_owned(),
            error_message: error.to_string(),
        }
    }
}

pub struct Challenge {
    links: Links,
    codes: Codes,
    key: MacKey,
}

impl Challenge {
    pub fn new(links: Links, codes: Codes, key: MacKey) -> Self {
        Self { links, codes, key }
    }

    /// Gives the event back with its response filled in and everything else as it came.
    pub async fn answer(&self, mut event: Value) -> Result<Value, Error> {
        let response = self
            .respond(Event::new(&event))
            .await
            .inspect_err(|error| {
                log::error("challenge.failed", &[("reason", &error.to_string())]);
            })?;
        if let Some(event) = event.as_object_mut() {
            event.insert("response".to_owned(), response);
        }
        Ok(event)
    }

    async fn respond(&self, event: Event<'_>) -> Result<Value, Error> {
        match event.trigger().ok_or(Error::OtherTrigger)? {
            Trigger::Define => Ok(define(event)),
            Trigger::Create => Ok(create()?),
            Trigger::Verify => self.verify(event).await,
        }
    }

    /// An answer that is no answer is wrong at once. Any other wrong one costs exactly one call to
    /// the table, whether or not there is such a user.
    async fn verify(&self, event: Event<'_>) -> Result<Value, Error> {
        let answer = event.answer().and_then(Answer::parse);
        let (Some(answer), Some(attempt)) = (answer, event.attempt()) else {
            self.report(event, false);
            return Ok(verdict(false));
        };
        let right = timeout(PATIENCE, self.consume(event, answer, attempt))
            .await
            .unwrap_or_else(|_| Err(TableError("Timeout".to_owned())))?;
        self.report(event, right);
        Ok(verdict(right))
    }

    /// Says whose link or code was used or refused. What is neither counts as a mangled link.
    fn report(&self, event: Event<'_>, used: bool) {
        let is_code = event.answer().is_some_and(|text| text.starts_with("code."));
        let what = match (is_code, used) {
            (false, true) => "link.used",
            (false, false) => "link.refused",
            (true, true) => "code.used",
            (true, false) => "code.refused",
        };
        let address = event
            .email()
            .map(|email| self.key.mac(Label::Log, &normalised(email)));
        let address = address.as_deref().map(|address| ("address", address));
        log::info(what, address.as_slice());
    }

    /// Link and code of one mail are used up apart from each other: the code is there for when
    /// something else has burnt the link.
    async fn consume(
        &self,
        event: Event<'_>,
        answer: Answer,
        attempt: &str,
    ) -> Result<bool, TableError> {
        let sub = |random: &str| {
            event
                .sub()
                .map_or_else(|| table::nobody(random), str::to_owned)
        };
        // A user without an address has the MAC of no address, which nothing was issued to.
        let email = event.email().unwrap_or_default();
        let email_mac = self.key.mac(Label::Email, email);
        let now = epoch_seconds();
        match answer {
            Answer::Link(secret) => {
                let consumption = Consumption {
                    key: Key::link(&sub(&secret.hash()), &secret),
                    attempt,
                    email_mac,
                    now,
                };
                self.links.consume(consumption).await
            }
            Answer::Code(code) => {
                let guess = Guess {
                    sub: &sub(attempt),
                    code: &code,
                    attempt,
                    email_mac,
                    now,
                };
                self.codes.consume(&guess).await
            }
        }
    }
}

/// An address as `api` and `mail` spell it. Cognito may hold one that they would not take.
fn normalised(email: &str) -> String {
    Email::parse(email).map_or_else(|_| email.to_lowercase(), |email| email.as_str().to_owned())
}

fn define(event: Event<'_>) -> Value {
    match Next::after(&event.session()) {
        Next::Challenge => json!({
            "challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false
        }),
        Next::IssueTokens => json!({ "issueTokens": true, "failAuthentication": false }),
        Next::Fail => json!({ "issueTokens": false, "failAuthentication": true }),
    }
}

/// The private parameters are never empty, because Cognito would then answer an unknown user
/// differently; the public ones say nothing about the user.
fn create() -> Result<Value, RandomError> {
    let attempt = Attempt::generate()?;
    Ok(json!({
        "publicChallengeParameters": {},
        "privateChallengeParameters": { Attempt::PARAMETER: attempt.as_str() },
    }))
}

fn verdict(right: bool) -> Value {
    json!({ "answerCorrect": right })
}

#[cfg(test)]
#[path = "challenge_tests.rs"]
mod tests;
