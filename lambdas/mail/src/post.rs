use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use mlink_core::Sender;
use mlink_runtime::reason;
use thiserror::Error;

use crate::letter::Letter;

#[derive(Debug, Error)]
pub enum PostError {
    #[error("the mail could not be put together: {0}")]
    Build(#[from] BuildError),
    /// It said no: the mail has not gone out and will not.
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// It said nothing that settles it: the mail may have gone out.
    #[error("nobody knows whether the mail went out: {0}")]
    Unknown(String),
}

/// Sends letters through SES.
pub struct Post {
    client: Client,
    from: String,
    reply_to: Option<String>,
    configuration_set: Option<String>,
}

impl Post {
    /// Answers go to `reply_to`, or else to the sender.
    pub fn new(
        client: Client,
        sender: &Sender,
        reply_to: Option<&Sender>,
        configuration_set: Option<String>,
    ) -> Self {
        Self {
            client,
            from: sender.header(),
            reply_to: reply_to.map(Sender::header),
            configuration_set,
        }
    }

    /// Sends a letter to one address; gives the name that SES has for the mail.
    pub async fn send(&self, letter: Letter, to: &str) -> Result<String, PostError> {
        let body = Body::builder()
            .text(content(letter.text)?)
            .html(content(letter.html)?);
        let message = Message::builder()
            .subject(content(letter.subject)?)
            .body(body.build());
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().simple(message.build()).build())
            .set_reply_to_addresses(self.reply_to.clone().map(|address| vec![address]))
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await
            .map(|sent| sent.message_id.unwrap_or_default())
            .map_err(|error| post_error(&error))
    }
}

fn content(text: String) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

/// A client error is a refusal; after anything else, a timeout for one, SES may have sent the mail.
fn post_error(error: &SdkError<SendEmailError>) -> PostError {
    let refused = match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(answer) => answer.raw().status().is_client_error(),
        _ => false,
    };
    if refused {
        PostError::Refused(reason(error))
    } else {
        PostError::Unknown(reason(error))
    }
}
