use mlink_core::{Answered, Email, Forgotten, Issued, Marked, Operation, Refusal, Secret};
use mlink_runtime::{epoch_seconds, log};
use serde::Serialize;
use serde_json::{Value, json};

use crate::directory::{Entry, Recipient};
use crate::lifetime::Lifetime;
use crate::links::Link;
use crate::post::PostError;
use crate::services::Services;
use crate::worker::Failure;

/// Does what an administrator asks at the command line, or `api` for a test user.
pub struct Operations<'a>(pub &'a Services);

/// Why an operation ends early.
enum Stop {
    Refused(Refusal),
    Failed(Failure),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E> From<E> for Stop
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Who issued a link of a test user.
const TEST: &str = "test";

impl Operations<'_> {
    pub async fn answer(&self, operation: Operation) -> Result<Value, Failure> {
        match operation {
            Operation::IssueLink {
                email,
                issuer,
                lifetime,
            } => {
                let issued = self.issue_link(&email, &issuer, lifetime).await;
                answered(self.noted(issued, &email, &issuer))
            }
            Operation::Invite {
                email,
                issuer,
                lifetime,
            } => {
                let issued = self.invite(&email, &issuer, lifetime).await;
                answered(self.noted(issued, &email, &issuer))
            }
            Operation::TestLink { email } => {
                let issued = self.test_link(&email).await;
                answered(self.noted(issued, &email, TEST))
            }
            Operation::MarkTest { email } => answered(self.mark_test(&email).await),
            Operation::UnmarkTest { email } => answered(self.unmark_test(&email).await),
            Operation::ListTest { emails } => {
                let listed = self.0.test_marks.list(emails).await;
                answered(listed.map_err(Stop::from))
            }
            Operation::ForgetUser { sub } => answered(self.forget_user(&sub).await),
        }
    }

    /// The link has no code beside it and no place in the register of what is out: whoever asks for
    /// mails would push it out.
    async fn issue_link(
        &self,
        email: &str,
        issuer: &str,
        lifetime: Option<u64>,
    ) -> Result<Issued, Stop> {
        let email = Email::parse(email).map_err(|_| Refusal::NotAnAddress)?;
        let draft = self.draft(&email, self.lifetime(lifetime)?).await?;
        self.issue(&draft, &email, issuer).await?;
        let url = self.0.stationery.link(&draft.secret);
        Ok(draft.issued(url))
    }

    /// Such a link too, but told to nobody but the invited.
    async fn invite(
        &self,
        email: &str,
        issuer: &str,
        lifetime: Option<u64>,
    ) -> Result<Issued, Stop> {
        let email = Email::parse(email).map_err(|_| Refusal::NotAnAddress)?;
        let lifetime = self.lifetime(lifetime)?;
        let post = self.0.post.as_ref().ok_or(Refusal::NoSender)?;
        let draft = self.draft(&email, lifetime).await?;
        self.issue(&draft, &email, issuer).await?;
        let letter = self.0.stationery.invitation(&draft.secret, lifetime);
        let sent = post.send(letter, &draft.recipient.email).await;
        report(&sent, &self.0.log_name(&email));
        match sent {
            Ok(_) => Ok(draft.issued(String::new())),
            Err(PostError::Refused(word)) => Err(Refusal::Mail(word).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The one link that is given to whoever asks: only for a test user, and only where the stage
    /// allows them. `api` has looked before; here it is decided. A test user has no inbox, so there
    /// is no code.
    async fn test_link(&self, email: &str) -> Result<Issued, Stop> {
        let email = Email::parse(email).map_err(|_| Refusal::NotAnAddress)?;
        self.allow_test_users()?;
        let draft = self.draft(&email, self.0.lifetime).await?;
        if !self.0.test_marks.has(&email, &draft.recipient.sub).await? {
            return Err(Refusal::NotATestUser.into());
        }
        let (link, recipient) = (draft.link(TEST), Some(&draft.recipient));
        let surplus = self.0.outstanding.enter(&link, recipient).await?;
        let links = &self.0.links;
        links
            .revoke(surplus.as_deref(), &draft.secret, recipient)
            .await?;
        self.issue(&draft, &email, TEST).await?;
        let url = self.0.stationery.link(&draft.secret);
        Ok(draft.issued(url))
    }

    async fn mark_test(&self, email: &str) -> Result<Marked, Stop> {
        let email = Email::parse(email).map_err(|_| Refusal::NotAnAddress)?;
        self.allow_test_users()?;
        let recipient = self.recipient(&email).await?;
        let changed = self.0.test_marks.set(&email, &recipient.sub).await?;
        if changed {
            log::info("test.marked", &[("address", &self.0.log_name(&email))]);
        }
        Ok(Marked { changed })
    }

    async fn unmark_test(&self, email: &str) -> Result<Marked, Stop> {
        let email = Email::parse(email).map_err(|_| Refusal::NotAnAddress)?;
        let changed = self.0.test_marks.remove(&email).await?;
        if changed {
            log::info("test.unmarked", &[("address", &self.0.log_name(&email))]);
        }
        Ok(Marked { changed })
    }

    async fn forget_user(&self, sub: &str) -> Result<Forgotten, Stop> {
        let links_removed = self.0.links.forget(sub).await?;
        log::info("user.forgotten", &[("links", &links_removed.to_string())]);
        Ok(Forgotten { links_removed })
    }

    fn allow_test_users(&self) -> Result<(), Refusal> {
        let allowed = self.0.test_users.then_some(());
        allowed.ok_or(Refusal::NoTestUsers)
    }

    fn lifetime(&self, seconds: Option<u64>) -> Result<Lifetime, Refusal> {
        let chosen = seconds.map(|seconds| Lifetime::chosen(seconds).ok_or(Refusal::Lifetime));
        chosen.unwrap_or(Ok(self.0.lifetime))
    }

    /// Looks up whom a link would be for.
    async fn draft(&self, email: &Email, lifetime: Lifetime) -> Result<Draft, Stop> {
        Ok(Draft {
            recipient: self.recipient(email).await?,
            secret: Secret::generate()?,
            expires_at: epoch_seconds() + lifetime.seconds(),
        })
    }

    async fn recipient(&self, email: &Email) -> Result<Recipient, Stop> {
        match self.0.directory.find(email).await? {
            Entry::Recipient(recipient) => Ok(recipient),
            Entry::Nobody(why) => Err(why.into()),
        }
    }

    async fn issue(&self, draft: &Draft, email: &Email, issuer: &str) -> Result<(), Stop> {
        let link = draft.link(issuer);
        self.0.links.store(&link, Some(&draft.recipient)).await?;
        let fields = [("address", &*self.0.log_name(email)), ("issuer", issuer)];
        log::info("link.issued", &fields);
        Ok(())
    }

    /// Notes that a link was asked for and not issued.
    fn noted(
        &self,
        issued: Result<Issued, Stop>,
        email: &str,
        issuer: &str,
    ) -> Result<Issued, Stop> {
        // A refused mail was noted as such, and its link issued.
        if let Err(Stop::Refused(refusal)) = &issued
            && !matches!(refusal, Refusal::Mail(_))
        {
            let name = Email::parse(email).map(|email| self.0.log_name(&email));
            let address = name.as_ref().ok().map(|name| ("address", name.as_str()));
            let fields = [("issuer", issuer), ("reason", refusal.as_str())];
            let fields: Vec<_> = address.into_iter().chain(fields).collect();
            log::info("link.suppressed", &fields);
        }
        issued
    }
}

/// A link that is about to be issued.
struct Draft {
    recipient: Recipient,
    secret: Secret,
    expires_at: u64,
}

impl Draft {
    fn link<'a>(&'a self, issuer: &'a str) -> Link<'a> {
        Link {
            secret: &self.secret,
            issuer,
            exp: self.expires_at,
        }
    }

    /// What the asker is told; the URL is empty for whom it is none of their business.
    fn issued(self, url: String) -> Issued {
        Issued {
            url,
            expires_at: self.expires_at,
            email: self.recipient.email,
        }
    }
}

fn report(sent: &Result<String, PostError>, address: &str) {
    let address = ("address", address);
    match sent {
        Ok(ses_id) => log::info("link.sent", &[address, ("ses_message_id", ses_id)]),
        Err(error) => log::error("mail.failed", &[address, ("reason", &error.to_string())]),
    }
}

fn answered<T: Serialize>(done: Result<T, Stop>) -> Result<Value, Failure> {
    match done {
        Ok(done) => Ok(json!(Answered::Done(done))),
        Err(Stop::Refused(refused)) => Ok(json!(Answered::<T>::Refused { refused })),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}
