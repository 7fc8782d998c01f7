//! What an administrator has done about links. The mail function does it all, because it alone knows
//! the link table; IAM says who may invoke it.

use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use mlink_core::{Answered, Email, Forgotten, Issued, Marked, Operation, Refusal, TestUsers};
use serde::de::DeserializeOwned;

use crate::aws::{self, Cloud, failed};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Aws(#[from] aws::Error),
    #[error("could not {doing}: {}", reason(.refusal))]
    Refused { doing: String, refusal: Refusal },
    /// The function failed, or answered what this version does not understand.
    #[error("could not {doing}: the mail function answered {answer}")]
    Answer { doing: String, answer: String },
}

impl miette::Diagnostic for Error {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        match self {
            Error::Aws(error) => error.code(),
            Error::Refused { .. } => Some(Box::new("mlink::link::refused")),
            Error::Answer { .. } => Some(Box::new("mlink::link::answer")),
        }
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        match self {
            Error::Aws(error) => error.help(),
            Error::Refused { refusal, .. } => Some(Box::new(way_out(refusal)?)),
            Error::Answer { .. } => Some(Box::new(
                "Its log group tells more. If this mlink is newer than the stage, `mlink deploy` first.",
            )),
        }
    }
}

fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAnAddress => "that is no address".to_owned(),
        Refusal::Unknown => "there is no such user".to_owned(),
        Refusal::Disabled => "the user is disabled".to_owned(),
        Refusal::Unconfirmed => "the user has not confirmed the sign-up".to_owned(),
        Refusal::Unverified => "the user's address is not verified".to_owned(),
        Refusal::Lifetime => "a link is good for 1 minute to 7 days".to_owned(),
        Refusal::NotATestUser => "this is no test user".to_owned(),
        Refusal::NoTestUsers => "the stage has no test users".to_owned(),
        Refusal::NoSender => "the stage sends no mail".to_owned(),
        Refusal::Mail(code) => format!("SES refused the mail ({code})"),
    }
}

fn way_out(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Unknown => {
            Some("`mlink user add EMAIL` adds one; `mlink user list` shows all there are.")
        }
        Refusal::Disabled => Some("`mlink user enable EMAIL` lets the user in again."),
        Refusal::NoTestUsers => Some("`test_users: true` of the stage in mlink.yaml allows them."),
        Refusal::NoSender => Some("Set `email.from` in mlink.yaml and deploy again."),
        Refusal::Mail(_) => Some("`mlink info` says whom the stage can send mail to."),
        _ => None,
    }
}

/// The mail function of a stage.
pub struct MailFunction {
    client: aws_sdk_lambda::Client,
    name: String,
    /// ARN of who asks.
    issuer: String,
}

impl MailFunction {
    pub fn new(cloud: &Cloud, name: &str) -> MailFunction {
        MailFunction {
            client: cloud.lambda(),
            name: name.to_owned(),
            issuer: cloud.caller.clone(),
        }
    }

    /// Makes a link; by default it is good for as long as the stage's links are.
    pub async fn issue(&self, email: &Email, lifetime: Option<Duration>) -> Result<Issued, Error> {
        let operation = Operation::IssueLink {
            email: email.as_str().to_owned(),
            issuer: self.issuer.clone(),
            lifetime: lifetime.map(|lifetime| lifetime.as_secs()),
        };
        self.ask(&operation, &format!("make a link for {}", email.as_str()))
            .await
    }

    /// Mails a user a link with words of welcome.
    pub async fn invite(&self, email: &Email, lifetime: Duration) -> Result<Issued, Error> {
        let operation = Operation::Invite {
            email: email.as_str().to_owned(),
            issuer: self.issuer.clone(),
            lifetime: Some(lifetime.as_secs()),
        };
        self.ask(&operation, &format!("invite {}", email.as_str()))
            .await
    }

    /// Makes a test user of a user; false for one who is.
    pub async fn mark_test(&self, email: &Email) -> Result<bool, Error> {
        let doing = format!("make {} a test user", email.as_str());
        let email = email.as_str().to_owned();
        let marked: Marked = self.ask(&Operation::MarkTest { email }, &doing).await?;
        Ok(marked.changed)
    }

    /// Makes a test user an ordinary one; false for one who is.
    pub async fn unmark_test(&self, email: &Email) -> Result<bool, Error> {
        let doing = format!("make {} an ordinary user", email.as_str());
        let email = email.as_str().to_owned();
        let marked: Marked = self.ask(&Operation::UnmarkTest { email }, &doing).await?;
        Ok(marked.changed)
    }

    /// Counts the test users and tells which of these addresses are theirs.
    pub async fn test_users(&self, emails: Vec<String>) -> Result<TestUsers, Error> {
        let operation = Operation::ListTest { emails };
        self.ask(&operation, "count the test users").await
    }

    /// Deletes every link and code of a user; gives the number of links.
    pub async fn forget(&self, sub: &str, email: &Email) -> Result<u64, Error> {
        let doing = format!("remove the links of {}", email.as_str());
        let sub = sub.to_owned();
        let forgotten: Forgotten = self.ask(&Operation::ForgetUser { sub }, &doing).await?;
        Ok(forgotten.links_removed)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        doing: &str,
    ) -> Result<T, Error> {
        let not_understood = |answer: String| Error::Answer {
            doing: doing.to_owned(),
            answer,
        };
        let payload =
            serde_json::to_vec(operation).map_err(|error| not_understood(error.to_string()))?;
        let request = self.client.invoke().function_name(&self.name);
        let answer = request.payload(Blob::new(payload)).send().await;
        let answer = answer.map_err(failed(doing))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let text = || String::from_utf8_lossy(&payload).into_owned();
        if answer.function_error.is_some() {
            return Err(not_understood(text()));
        }
        match serde_json::from_slice(&payload) {
            Ok(Answered::Done(done)) => Ok(done),
            Ok(Answered::Refused { refused }) => Err(Error::Refused {
                doing: doing.to_owned(),
                refusal: refused,
            }),
            // An answer of another shape could hold a link.
            Err(_) => Err(not_understood(
                "what this mlink does not understand".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::operation::invoke::InvokeOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use miette::Diagnostic;

    /// The mail function, which answers this and nothing else.
    fn answering(payload: &'static str, error: Option<&'static str>) -> MailFunction {
        let invoke = mock!(aws_sdk_lambda::Client::invoke)
            .match_requests(|input| input.function_name() == Some("acme-prod-mail"))
            .then_output(move || {
                InvokeOutput::builder()
                    .payload(Blob::new(payload))
                    .set_function_error(error.map(str::to_owned))
                    .build()
            });
        MailFunction {
            client: mock_client!(aws_sdk_lambda, RuleMode::MatchAny, [&invoke]),
            name: "acme-prod-mail".to_owned(),
            issuer: "arn:aws:iam::123456789012:user/ada".to_owned(),
        }
    }

    fn alice() -> Email {
        Email::parse("alice@example.com").unwrap()
    }

    #[tokio::test]
    async fn a_link_is_what_the_function_made() {
        let made = r##"{"url":"https://x.example/sign-in#s","expires_at":1800000000,"email":"Alice@example.com"}"##;
        let issued = answering(made, None).issue(&alice(), None).await;
        let Ok(issued) = issued else { panic!() };
        assert_eq!(issued.url, "https://x.example/sign-in#s");
        assert_eq!(issued.expires_at, 1_800_000_000);
        assert_eq!(issued.email, "Alice@example.com");
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_the_way_out() {
        for (refused, said, help) in [
            (r#""unknown""#, "there is no such user", true),
            (r#""disabled""#, "the user is disabled", true),
            (r#""no_sender""#, "the stage sends no mail", true),
            (
                r#"{"mail":"MessageRejected"}"#,
                "SES refused the mail (MessageRejected)",
                true,
            ),
            (
                r#""unverified""#,
                "the user's address is not verified",
                false,
            ),
        ] {
            let answer = format!(r#"{{"refused":{refused}}}"#).leak();
            let lifetime = Duration::from_secs(60);
            let invited = answering(answer, None).invite(&alice(), lifetime).await;
            let Err(error) = invited else {
                panic!("{said}")
            };
            let expected = format!("could not invite alice@example.com: {said}");
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.help().is_some(), help, "{said}");
        }
    }

    #[tokio::test]
    async fn a_function_that_fails_is_no_success() {
        let failed = answering(r#"{"errorType":"MailError"}"#, Some("Unhandled"));
        let error = failed.mark_test(&alice()).await.unwrap_err();
        assert!(error.to_string().contains("MailError"), "{error}");
        // Nor is an answer that cannot be read, and nothing of it is shown.
        let odd = answering(r##"{"link":"https://x.example/sign-in#s"}"##, None);
        let error = odd.forget("sub", &alice()).await.unwrap_err();
        assert!(!error.to_string().contains("sign-in"), "{error}");
    }
}
