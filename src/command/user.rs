//! `mlink user`: the people who may sign in.

mod add;
pub mod export;
mod import;
mod list;

use std::fmt;

use aws_sdk_cognitoidentityprovider::Client;
use mlink_core::Email;
use serde::Serialize;

use super::{Error, Place, existing};
use crate::cli::{self, Global};
use crate::config::Config;
use crate::link::MailFunction;
use crate::stack::Stack;
use crate::terminal::{Terminal, confirm};
use crate::user;

pub async fn run(
    verb: &cli::User,
    global: &Global,
    config: Config,
    terminal: &Terminal,
) -> Result<(), Error> {
    match verb {
        cli::User::Add(arguments) => add::run(arguments, global, &config, terminal).await,
        cli::User::List => list::run(&config, terminal).await,
        cli::User::Export { file } => export::run(file, global, &config, terminal).await,
        cli::User::Import { file } => import::run(file, &config, terminal).await,
        cli::User::Remove { email, test: true } => {
            let subject = Subject::of(email, &config, terminal).await?;
            let changed = subject.mail.unmark_test(&subject.email).await?;
            let what = if changed {
                "is an ordinary user now."
            } else {
                "was no test user; nothing was changed."
            };
            subject.report(what, terminal)
        }
        cli::User::Remove { email, test: false } => {
            let subject = Subject::of(email, &config, terminal).await?;
            remove(&subject, global, terminal).await
        }
        cli::User::SignOut { email } => {
            let subject = Subject::of(email, &config, terminal).await?;
            user::sign_out(&subject.cognito, &subject.pool, &subject.email).await?;
            subject.report("is signed out everywhere.", terminal)
        }
        cli::User::Disable { email } => {
            let subject = Subject::of(email, &config, terminal).await?;
            let Subject { cognito, pool, .. } = &subject;
            user::disable(cognito, pool, &subject.mail, &subject.email).await?;
            let what = "can no longer sign in, and is signed out everywhere.";
            subject.report(what, terminal)
        }
        cli::User::Enable { email } => {
            let subject = Subject::of(email, &config, terminal).await?;
            user::enable(&subject.cognito, &subject.pool, &subject.email).await?;
            subject.report("can sign in again.", terminal)
        }
    }
}

/// The user that a command is about, and the stage that the user is in.
struct Subject {
    email: Email,
    stack: Stack,
    pool: String,
    cognito: Client,
    mail: MailFunction,
}

impl Subject {
    /// A malformed address is refused before any call.
    async fn of(email: &str, config: &Config, terminal: &Terminal) -> Result<Subject, Error> {
        let email = user::address(email)?;
        let Place { cloud, .. } = Place::reach(config, terminal).await?;
        let stack = existing(&cloud, config).await?;
        Ok(Subject {
            email,
            pool: stack.output("UserPoolId")?.to_owned(),
            cognito: cloud.cognito(),
            mail: MailFunction::new(&cloud, stack.output("MailFunction")?),
            stack,
        })
    }

    fn report(&self, what: &'static str, terminal: &Terminal) -> Result<(), Error> {
        let email = self.email.as_str().to_owned();
        Ok(terminal.result(&Changed { email, what })?)
    }
}

/// A user, and what was done to them.
#[derive(Debug, Serialize)]
struct Changed {
    email: String,
    #[serde(skip)]
    what: &'static str,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.email, self.what)
    }
}

async fn remove(subject: &Subject, global: &Global, terminal: &Terminal) -> Result<(), Error> {
    let Subject { email, stack, .. } = subject;
    let what = format!(
        "This removes the user {} from {}",
        email.as_str(),
        stack.name
    );
    confirm(global, &what, email.as_str())?;
    let links_removed = user::remove(&subject.cognito, &subject.pool, &subject.mail, email).await?;
    terminal.result(&Removed {
        email: email.as_str().to_owned(),
        links_removed,
    })?;
    Ok(())
}

/// What `user remove` did.
#[derive(Debug, Serialize)]
struct Removed {
    email: String,
    /// How many links went with the user.
    links_removed: u64,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is removed, with {} links.",
            self.email, self.links_removed
        )
    }
}
