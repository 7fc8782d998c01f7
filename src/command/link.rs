//! `mlink link`: an administrator's link.

use std::fmt;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Serialize;

use super::{Error, Place, existing};
use crate::config::Config;
use crate::link::MailFunction;
use crate::terminal::Terminal;
use crate::{browser, cli, user};

/// A link that was made. The same three keys in JSON.
#[derive(Serialize)]
struct Made {
    url: String,
    /// RFC 3339.
    expires_at: String,
    email: String,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.url)?;
        write!(
            f,
            "It signs {} in, once, until {}. The page asks for the address.",
            self.email, self.expires_at
        )
    }
}

pub async fn run(arguments: &cli::Link, config: Config, terminal: &Terminal) -> Result<(), Error> {
    let email = user::address(&arguments.email)?;
    let Place { cloud, .. } = Place::reach(&config, terminal).await?;
    let stack = existing(&cloud, &config).await?;
    let mail = MailFunction::new(&cloud, stack.output("MailFunction")?);
    let issued = mail.issue(&email, arguments.lifetime).await?;
    let made = Made {
        expires_at: rfc3339(issued.expires_at),
        url: issued.url,
        email: issued.email,
    };
    terminal.result(&made)?;
    if arguments.open
        && let Err(error) = browser::open_secretly(&made.url).await
    {
        // The link is there all the same.
        terminal.progress().warn(error.to_string());
    }
    Ok(())
}

/// Seconds since 1970 as people and programs read them.
pub fn rfc3339(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| DateTime::from_secs(seconds).fmt(Format::DateTime).ok())
        .unwrap_or_default()
}
