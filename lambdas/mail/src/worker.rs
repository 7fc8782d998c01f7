use mlink_core::{Code, Email, QueueMessage, RandomError, Refusal, Secret};
use mlink_runtime::{epoch_seconds, log};
use thiserror::Error;

use crate::batch::Record;
use crate::directory::{DirectoryError, Entry};
use crate::link_table::TableError;
use crate::links::Link;
use crate::markers::Claim;
use crate::moment::Moment;
use crate::post::{Post, PostError};
use crate::services::Services;
use crate::throttle::Admission;

/// Works on the messages of the queue.
pub struct Worker<'a>(pub &'a Services);

/// How a message can be done with. Nobody but the log learns which it was.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SES took the mail, under this name.
    Sent(String),
    /// No mail was due, and why.
    Suppressed(&'static str),
    /// There is nobody to send it to, and why.
    Nobody(Refusal),
}

/// Why a message stays on the queue: for another try, and in the end for the dead letters. Of an
/// operation, why it has no answer.
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

impl Failure {
    /// Whether a mail may have gone out all the same.
    fn may_have_sent(&self) -> bool {
        matches!(self, Self::Post(PostError::Unknown(_)))
    }
}

/// Who issued a link: a person, by asking for it on the page.
const ISSUER: &str = "login";

impl Worker<'_> {
    /// Works on one message and says in one line what became of it.
    pub async fn work(&self, record: &Record) -> Result<Outcome, Failure> {
        let Some((message, email)) = read(&record.body) else {
            let reason = Failure::Unreadable.to_string();
            log::error("mail.failed", &[("reason", &reason)]);
            return Err(Failure::Unreadable);
        };
        let result = self.answer(&message, &email, record.redelivered).await;
        report(&result, &message.request_id, &self.0.log_name(&email));
        result
    }

    async fn answer(
        &self,
        message: &QueueMessage,
        email: &Email,
        redelivered: bool,
    ) -> Result<Outcome, Failure> {
        let now = epoch_seconds();
        let Some(post) = &self.0.post else {
            return Ok(Outcome::Suppressed("no_sender"));
        };
        if message.is_stale(now) {
            // What failed before must reach the dead letters, however slowly the tries follow.
            let failed_before = redelivered.then_some(Failure::Stale);
            return failed_before.map_or(Ok(Outcome::Suppressed("stale")), Err);
        }
        match self.0.markers.claim(&message.request_id, now).await? {
            Claim::Granted => {}
            Claim::Done => return Ok(Outcome::Suppressed("duplicate")),
            Claim::Open => return Err(Failure::Interrupted),
        }
        let sent = self.admit(post, message, email, now).await;
        self.settle(&message.request_id, &sent, now).await;
        sent
    }

    async fn admit(
        &self,
        post: &Post,
        message: &QueueMessage,
        email: &Email,
        now: u64,
    ) -> Result<Outcome, Failure> {
        let Services {
            throttle,
            directory,
            outstanding,
            ..
        } = self.0;
        match throttle.admit(email, &message.request_id, now).await? {
            Admission::Granted => {}
            Admission::Pause => return Ok(Outcome::Suppressed("pause")),
            Admission::Hour => return Ok(Outcome::Suppressed("hour")),
        }
        let entry = directory.find(email).await?;
        let secret = Secret::generate()?;
        // A time to come is one of another clock.
        let asked_at = Moment(message.at.min(now));
        let sent = self.send(post, &entry, &secret, asked_at, now).await;
        let unsent = sent.as_ref().is_err_and(|failure| !failure.may_have_sent());
        if unsent {
            // What stays in there by mistake is pushed out in its turn.
            let _ = outstanding.withdraw(&secret, entry.recipient()).await;
        }
        sent
    }

    /// Makes a link and a code for who has the address and mails them to where Cognito says, never
    /// to where the request says. For nobody it does the same but for the mail.
    async fn send(
        &self,
        post: &Post,
        entry: &Entry,
        secret: &Secret,
        asked_at: Moment,
        now: u64,
    ) -> Result<Outcome, Failure> {
        let Services {
            outstanding,
            links,
            codes,
            stationery,
            lifetime,
            ..
        } = self.0;
        let (recipient, code) = (entry.recipient(), Code::generate()?);
        let (issuer, exp) = (ISSUER, now + lifetime.seconds());
        let link = Link {
            secret,
            issuer,
            exp,
        };
        let surplus = outstanding.enter(&link, recipient).await?;
        links.revoke(surplus.as_deref(), secret, recipient).await?;
        links.store(&link, recipient).await?;
        codes.store(&code, secret, recipient, exp).await?;
        match entry {
            Entry::Recipient(recipient) => {
                let letter = stationery.sign_in(secret, &code, *lifetime, asked_at);
                Ok(Outcome::Sent(post.send(letter, &recipient.email).await?))
            }
            Entry::Nobody(why) => Ok(Outcome::Nobody(why.clone())),
        }
    }

    /// Closes the marker of what is done, releases that of what surely sent nothing, and leaves that
    /// of what may have. Trouble here changes nothing about the mail: the marker then stays open,
    /// which means no second one.
    async fn settle(&self, request_id: &str, sent: &Result<Outcome, Failure>, now: u64) {
        let markers = &self.0.markers;
        let settled = match sent {
            Ok(_) => markers.close(request_id, now).await,
            Err(failure) if failure.may_have_sent() => Ok(()),
            Err(_) => markers.release(request_id).await,
        };
        if let Err(error) = settled {
            let reason = error.to_string();
            let fields = [("request_id", request_id), ("reason", &reason)];
            log::error("marker.left_open", &fields);
        }
    }
}

/// The message and its address; `None` if it is none that `api` would have written.
fn read(body: &str) -> Option<(QueueMessage, Email)> {
    let message: QueueMessage = serde_json::from_str(body).ok()?;
    let email = Email::parse(&message.email).ok()?;
    (!message.request_id.is_empty()).then_some((message, email))
}

fn report(result: &Result<Outcome, Failure>, request_id: &str, address: &str) {
    let say = |log: fn(&str, &[(&str, &str)]), what: &str, field: (&str, &str)| {
        log(
            what,
            &[("request_id", request_id), ("address", address), field],
        );
    };
    match result {
        Ok(Outcome::Sent(ses_id)) => say(log::info, "link.sent", ("ses_message_id", ses_id)),
        Ok(Outcome::Suppressed(why)) => say(log::info, "link.suppressed", ("reason", why)),
        Ok(Outcome::Nobody(why)) => say(log::info, "link.suppressed", ("reason", why.as_str())),
        Err(failure) => say(log::error, "mail.failed", ("reason", &failure.to_string())),
    }
}
