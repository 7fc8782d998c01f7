use mlink_core::{Code, Email, QueueMessage, RandomError, Secret};
use mlink_runtime::{epoch_seconds, log};
use thiserror::Error;

use crate::batch::Record;
use crate::codes::Codes;
use crate::directory::{Directory, DirectoryError, Entry};
use crate::letter::Stationery;
use crate::links::{Links, TableError};
use crate::markers::{Claim, Markers};
use crate::post::{Post, PostError};

/// Everything that it takes to work on a message.
pub struct Worker {
    pub directory: Directory,
    pub links: Links,
    pub codes: Codes,
    pub markers: Markers,
    pub stationery: Stationery,
    /// Missing where the stage has no sender; then no mail is sent.
    pub post: Option<Post>,
}

/// How a message can be done with. Nobody but the log learns which it was.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SES took the mail, under this name.
    Sent(String),
    NoSender,
    Stale,
    Duplicate,
    /// There is nobody to send it to, and why.
    Nobody(&'static str),
}

/// Why a message stays on the queue: for another try, and in the end for the dead letters.
#[derive(Debug, Error)]
pub enum Failure {
    #[error("the message cannot be read")]
    Unreadable,
    #[error("the message failed before and is stale by now")]
    Stale,
    #[error("another try has begun and not ended; the mail may or may not have gone out")]
    Interrupted,
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Post(#[from] PostError),
}

impl Worker {
    /// Works on one message and says in one line what became of it.
    pub async fn work(&self, record: &Record) -> Result<Outcome, Failure> {
        let message = read(&record.body);
        let request_id = message
            .as_ref()
            .map_or("", |(message, _)| &message.request_id);
        let result = match &message {
            Some((message, email)) => self.answer(message, email, record.redelivered).await,
            None => Err(Failure::Unreadable),
        };
        report(&result, request_id);
        result
    }

    async fn answer(
        &self,
        message: &QueueMessage,
        email: &Email,
        redelivered: bool,
    ) -> Result<Outcome, Failure> {
        let now = epoch_seconds();
        let Some(post) = &self.post else {
            return Ok(Outcome::NoSender);
        };
        if message.is_stale(now) {
            // What failed before must reach the dead letters, however slowly the tries follow.
            let failed_before = redelivered.then_some(Failure::Stale);
            return failed_before.map_or(Ok(Outcome::Stale), Err);
        }
        match self.markers.claim(&message.request_id, now).await? {
            Claim::Granted => {}
            Claim::Done => return Ok(Outcome::Duplicate),
            Claim::Open => return Err(Failure::Interrupted),
        }
        let sent = self.send(post, email, now).await;
        self.settle(&message.request_id, &sent, now).await;
        sent
    }

    /// Makes a link and a code for who has the address and mails them to where Cognito says, never
    /// to where the request says. For nobody it does the same but for the mail.
    async fn send(&self, post: &Post, email: &Email, now: u64) -> Result<Outcome, Failure> {
        let entry = self.directory.find(email).await?;
        let (secret, code) = (Secret::generate()?, Code::generate()?);
        let recipient = match &entry {
            Entry::Recipient(recipient) => Some(recipient),
            Entry::Nobody(_) => None,
        };
        self.links.store(&secret, recipient, now).await?;
        self.codes.store(&code, &secret, recipient, now).await?;
        match entry {
            Entry::Recipient(recipient) => {
                let letter = self.stationery.letter(&secret, &code);
                Ok(Outcome::Sent(post.send(letter, &recipient.email).await?))
            }
            Entry::Nobody(why) => Ok(Outcome::Nobody(why)),
        }
    }

    /// Closes the marker of what is done, releases that of what surely sent nothing, and leaves that
    /// of what may have. Trouble here changes nothing about the mail: the marker then stays open,
    /// which means no second one.
    async fn settle(&self, request_id: &str, sent: &Result<Outcome, Failure>, now: u64) {
        let settled = match sent {
            Ok(_) => self.markers.close(request_id, now).await,
            Err(Failure::Post(PostError::Unknown(_))) => Ok(()),
            Err(_) => self.markers.release(request_id).await,
        };
        if let Err(error) = settled {
            let reason = error.to_string();
            let fields = [("request_id", request_id), ("reason", &reason)];
            log::error("marker_left_open", &fields);
        }
    }
}

/// The message and its address; `None` if it is none that `api` would have written.
fn read(body: &str) -> Option<(QueueMessage, Email)> {
    let message: QueueMessage = serde_json::from_str(body).ok()?;
    let email = Email::parse(&message.email).ok()?;
    (!message.request_id.is_empty()).then_some((message, email))
}

fn report(result: &Result<Outcome, Failure>, request_id: &str) {
    let id = ("request_id", request_id);
    match result {
        Ok(Outcome::Sent(ses_id)) => log::info("mail_sent", &[id, ("ses_message_id", ses_id)]),
        Ok(Outcome::NoSender) => log::info("mail_not_sent", &[id, ("reason", "no sender")]),
        Ok(Outcome::Stale) => log::info("mail_not_sent", &[id, ("reason", "stale")]),
        Ok(Outcome::Duplicate) => log::info("mail_not_sent", &[id, ("reason", "duplicate")]),
        Ok(Outcome::Nobody(why)) => log::info("mail_not_sent", &[id, ("reason", why)]),
        Err(failure) => log::error("mail_failed", &[id, ("reason", &failure.to_string())]),
    }
}
