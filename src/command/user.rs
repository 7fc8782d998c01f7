//! `mlink user`: add, list, remove.

use std::fmt;

use serde::Serialize;

use super::{Error, Place, existing};
use crate::cli::{self, Global};
use crate::config::Config;
use crate::terminal::{Terminal, confirm, table};
use crate::user::{self, User};

/// What `user add` did.
#[derive(Debug, Serialize)]
struct Added {
    email: String,
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
    /// How many links and markers went with the user.
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

pub async fn run(
    verb: &cli::User,
    global: &Global,
    config: Config,
    terminal: &Terminal,
) -> Result<(), Error> {
    // A malformed address is refused before any call.
    let email = match verb {
        cli::User::Add { email, .. } | cli::User::Remove { email } => Some(user::address(email)?),
        cli::User::List => None,
    };
    let Place { cloud, .. } = Place::reach(&config, terminal).await?;
    let stack = existing(&cloud, &config).await?;
    let pool = stack.output("UserPoolId")?;
    match (verb, email) {
        (cli::User::Add { name, .. }, Some(email)) => {
            let added = user::add(&cloud.cognito(), pool, &email, name.as_deref()).await?;
            terminal.result(&Added {
                email: email.as_str().to_owned(),
                name: name.clone(),
                added,
                page: stack.output("SiteUrl")?.to_owned(),
            });
        }
        (cli::User::Remove { .. }, Some(email)) => {
            let what = format!(
                "This removes the user {} from {}",
                email.as_str(),
                stack.name
            );
            confirm(global, &what, email.as_str())?;
            let mail_function = stack.output("MailFunction")?;
            let links_removed = user::remove(&cloud, pool, mail_function, &email).await?;
            terminal.result(&Removed {
                email: email.as_str().to_owned(),
                links_removed,
            });
        }
        _ => terminal.result(&Users(user::list(&cloud.cognito(), pool).await?)),
    }
    Ok(())
}
