//! The mails that the local cloud was asked to send.

use std::collections::BTreeMap;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};

use super::{Error, client};

/// A mail as it would have arrived.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// The recipients, separated by commas; mlink writes to one.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Every http(s) address in the text part, in its order.
    pub links: Vec<String>,
    /// RFC 3339.
    pub at: String,
}

#[derive(Deserialize)]
struct Answer {
    /// By account.
    messages: BTreeMap<String, Vec<Message>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
    #[serde(default)]
    timestamp: f64,
}

/// All mails, newest first.
pub async fn mails(endpoint: &str) -> Result<Vec<Mail>, Error> {
    let read = async {
        let answer = client()
            .get(format!("{endpoint}/_ministack/ses/messages"))
            .send()
            .await?;
        answer.error_for_status()?.json::<Answer>().await
    };
    let answer = read.await.map_err(|source| Error::Answer {
        endpoint: endpoint.to_owned(),
        what: "does not show its mails".to_owned(),
        source: Some(source),
    })?;
    let mut messages: Vec<Message> = answer.messages.into_values().flatten().collect();
    messages.sort_by(|one, other| other.timestamp.total_cmp(&one.timestamp));
    Ok(messages.into_iter().map(Mail::from).collect())
}

impl From<Message> for Mail {
    fn from(message: Message) -> Mail {
        let text = message.body_text.unwrap_or_default();
        Mail {
            to: message.to.join(", "),
            subject: message.subject,
            links: links(&text),
            text,
            html: message.body_html.unwrap_or_default(),
            at: DateTime::from_secs_f64(message.timestamp)
                .fmt(Format::DateTime)
                .unwrap_or_default(),
        }
    }
}

fn links(text: &str) -> Vec<String> {
    let is_link = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    text.split_whitespace()
        .filter(is_link)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_shows_its_links() {
        let message: Message = serde_json::from_str(
            r#"{"MessageId": "1", "To": ["a@b.example"], "Subject": "Sign in", "Timestamp": 1795330800.25,
                "BodyText": "Open\nhttp://x.localhost:1/sign-in#s\nor ask again at https://y.example .",
                "BodyHtml": null}"#,
        )
        .unwrap();
        let mail = Mail::from(message);
        assert_eq!(
            mail.links,
            ["http://x.localhost:1/sign-in#s", "https://y.example"]
        );
        assert_eq!(mail.at, "2026-11-22T07:00:00.25Z");
        assert_eq!(mail.to, "a@b.example");
        assert_eq!(mail.html, "");
    }
}
