//! `mlink user add`: a user, a test user, an invited user.

use std::fmt;

use serde::Serialize;

use super::super::Error;
use super::super::link::rfc3339;
use super::Subject;
use crate::cli::{self, Global};
use crate::config::Config;
use crate::terminal::{Terminal, confirm};
use crate::user;

/// What `user add` did.
#[derive(Debug, Serialize)]
struct Added {
    email: String,
    /// As it was given; none when nothing was changed.
    name: Option<String>,
    /// False when the user was there already.
    added: bool,
    /// Whether this made a test user of the user.
    test: bool,
    /// Until when the link is good that was mailed, in RFC 3339; none without `--invite`.
    invited_until: Option<String>,
    #[serde(skip)]
    page: String,
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Added { email, page, .. } = self;
        match (self.added, self.test, &self.invited_until) {
            (true, false, _) => write!(f, "{email} can sign in now, at {page}")?,
            (true, true, _) => write!(
                f,
                "{email} is a test user: whoever enters the address at {page} gets the link."
            )?,
            (false, true, _) => write!(f, "{email} was a user already, and is a test user now.")?,
            (false, false, Some(_)) => write!(f, "{email} was a user already")?,
            (false, false, None) => {
                write!(f, "{email} is a user already; nothing was changed.")?;
            }
        }
        match &self.invited_until {
            Some(until) => write!(f, "\nA mail with a link is on its way, good until {until}."),
            None => Ok(()),
        }
    }
}

pub async fn run(
    arguments: &cli::AddUser,
    global: &Global,
    config: &Config,
    terminal: &Terminal,
) -> Result<(), Error> {
    let subject = Subject::of(&arguments.email, config, terminal).await?;
    // What cannot be done is found out before anything is.
    if arguments.test {
        may_be_a_test_user(&subject, global, config).await?;
    }
    if arguments.invite && subject.stack.sender().is_empty() {
        return Err(Error::Guard(
            format!("{} sends no mail, so nobody can be invited", subject.stack.name),
            "Set `email.from` in mlink.yaml and deploy; `mlink link EMAIL` makes a link without a mail."
                .to_owned(),
        ));
    }
    let Subject { email, mail, .. } = &subject;
    let name = arguments.name.as_deref();
    let added = user::add(&subject.cognito, &subject.pool, email, name).await?;
    if added && !arguments.test && subject.stack.allows_test_users() {
        // Somebody of this address may have been a test user and been removed by Cognito alone.
        mail.unmark_test(email).await?;
    }
    let test = arguments.test && mail.mark_test(email).await?;
    let invited_until = if arguments.invite {
        let issued = mail.invite(email, arguments.lifetime).await?;
        Some(rfc3339(issued.expires_at))
    } else {
        None
    };
    terminal.result(&Added {
        email: email.as_str().to_owned(),
        name: name.filter(|_| added).map(str::to_owned),
        added,
        test,
        invited_until,
        page: subject.stack.output("SiteUrl")?.to_owned(),
    })?;
    Ok(())
}

/// Asks before somebody's account is opened to everybody.
async fn may_be_a_test_user(
    subject: &Subject,
    global: &Global,
    config: &Config,
) -> Result<(), Error> {
    let Subject { email, stack, .. } = subject;
    if !stack.allows_test_users() {
        let help = if config.protected {
            "A protected stage never has any: use another stage."
        } else {
            "Set `test_users: true` for the stage in mlink.yaml and deploy."
        };
        return Err(Error::Guard(
            format!("{} has no test users", stack.name),
            help.to_owned(),
        ));
    }
    if user::exists(&subject.cognito, &subject.pool, email).await? {
        let email = email.as_str();
        let what = format!(
            "{email} is a user already; whoever knows the address could sign in as {email}"
        );
        confirm(global, &what, email)?;
    }
    Ok(())
}
