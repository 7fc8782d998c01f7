//! `mlink user`: add, list, remove.

use std::fmt;

use mlink_core::Email;
use serde::Serialize;

use super::{Error, Place, existing};
use crate::aws::Cloud;
use crate::cli::{self, Global};
use crate::config::Config;
use crate::stack::Stack;
use crate::terminal::{Terminal, confirm, table};
use crate::user::{self, User};

/// What `user add` did.
#[derive(Debug, Serialize)]
struct Added {
    email: String,
    /// As it was given; none when nothing was changed.
    name: Option<String>,
    /// False when the user was there already; nothing was changed then.
    added: bool,
    #[serde(skip)]
    page: String,
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.added {
            write!(f, "{} can sign in now, at {}", self.email, self.page)
        } else {
            write!(f, "{} is a user already; nothing was changed.", self.email)
        }
    }
}

/// The users of a stage: an array in JSON, a table in text.
#[derive(Serialize)]
#[serde(transparent)]
struct Users(Vec<User>);

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("No users yet: `mlink user add EMAIL` adds one.");
        }
        let rows = self.0.iter().map(|user| {
            [
                user.email.clone(),
                user.name.clone().unwrap_or_default(),
                user.status.clone(),
                if user.enabled { "yes" } else { "no" }.to_owned(),
                user.created.clone().unwrap_or_default(),
            ]
        });
        f.write_str(&table(
            ["EMAIL", "NAME", "STATUS", "ENABLED", "CREATED"],
            rows,
        ))
    }
}

/// What `user remove` did.
#[derive(Debug, Serialize)]
struct Removed {
    email: String,
    /// How many links and codes went with the user.
    links_removed: u64,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is removed, with {} links and codes.",
            self.email, self.links_removed
        )
    }
}

/// A user, and what was done to them.
#[derive(Debug, Serialize)]
struct Changed {
    email: String,
    #[serde(skip)]
    what: &'static str,
}

impl Changed {
    fn new(email: &Email, what: &'static str) -> Changed {
        Changed {
            email: email.as_str().to_owned(),
            what,
        }
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.email, self.what)
    }
}

pub async fn run(
    verb: &cli::User,
    global: &Global,
    config: Config,
    terminal: &Terminal,
) -> Result<(), Error> {
    match verb {
        cli::User::Add { email, name } => {
            let subject = Subject::of(email, &config, terminal).await?;
            add(&subject, name.as_deref(), terminal).await
        }
        cli::User::List => list(config, terminal).await,
        cli::User::Remove { email } => {
            let subject = Subject::of(email, &config, terminal).await?;
            remove(&subject, global, terminal).await
        }
        cli::User::SignOut { email } => {
            let Subject {
                email,
                cloud,
                stack,
            } = Subject::of(email, &config, terminal).await?;
            user::sign_out(&cloud.cognito(), stack.output("UserPoolId")?, &email).await?;
            terminal.result(&Changed::new(&email, "is signed out everywhere."))?;
            Ok(())
        }
        cli::User::Disable { email } => {
            let Subject {
                email,
                cloud,
                stack,
            } = Subject::of(email, &config, terminal).await?;
            let (pool, mail) = (stack.output("UserPoolId")?, stack.output("MailFunction")?);
            user::disable(&cloud, pool, mail, &email).await?;
            let what = "can no longer sign in, and is signed out everywhere.";
            terminal.result(&Changed::new(&email, what))?;
            Ok(())
        }
        cli::User::Enable { email } => {
            let Subject {
                email,
                cloud,
                stack,
            } = Subject::of(email, &config, terminal).await?;
            user::enable(&cloud.cognito(), stack.output("UserPoolId")?, &email).await?;
            terminal.result(&Changed::new(&email, "can sign in again."))?;
            Ok(())
        }
    }
}

/// The user that a command is about, and the stage that the user is in.
struct Subject {
    email: Email,
    cloud: Cloud,
    stack: Stack,
}

impl Subject {
    /// A malformed address is refused before any call.
    async fn of(email: &str, config: &Config, terminal: &Terminal) -> Result<Subject, Error> {
        let email = user::address(email)?;
        let Place { cloud, .. } = Place::reach(config, terminal).await?;
        let stack = existing(&cloud, config).await?;
        Ok(Subject {
            email,
            cloud,
            stack,
        })
    }
}

async fn add(subject: &Subject, name: Option<&str>, terminal: &Terminal) -> Result<(), Error> {
    let Subject {
        email,
        cloud,
        stack,
    } = subject;
    let added = user::add(&cloud.cognito(), stack.output("UserPoolId")?, email, name).await?;
    terminal.result(&Added {
        email: email.as_str().to_owned(),
        name: name.filter(|_| added).map(str::to_owned),
        added,
        page: stack.output("SiteUrl")?.to_owned(),
    })?;
    Ok(())
}

async fn remove(subject: &Subject, global: &Global, terminal: &Terminal) -> Result<(), Error> {
    let Subject {
        email,
        cloud,
        stack,
    } = subject;
    let what = format!(
        "This removes the user {} from {}",
        email.as_str(),
        stack.name
    );
    confirm(global, &what, email.as_str())?;
    let (pool, mail) = (stack.output("UserPoolId")?, stack.output("MailFunction")?);
    let links_removed = user::remove(cloud, pool, mail, email).await?;
    terminal.result(&Removed {
        email: email.as_str().to_owned(),
        links_removed,
    })?;
    Ok(())
}

async fn list(config: Config, terminal: &Terminal) -> Result<(), Error> {
    let Place { cloud, .. } = Place::reach(&config, terminal).await?;
    let stack = existing(&cloud, &config).await?;
    let users = user::list(&cloud.cognito(), stack.output("UserPoolId")?).await?;
    terminal.result(&Users(users))?;
    Ok(())
}
