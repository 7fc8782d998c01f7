//! `mlink local`: start, stop and look into the local cloud.

use std::fmt;

use serde::Serialize;

use super::Error;
use crate::cli::{self, Global};
use crate::config;
use crate::local::{self, LocalCloud, Mail};
use crate::terminal::{Terminal, confirm};

/// Whether the local cloud runs, and where.
#[derive(Debug, Serialize)]
struct Status {
    running: bool,
    endpoint: Option<String>,
    pid: Option<u32>,
    version: Option<String>,
}

impl From<Option<LocalCloud>> for Status {
    fn from(found: Option<LocalCloud>) -> Status {
        Status {
            running: found.is_some(),
            pid: found.as_ref().and_then(|cloud| cloud.pid),
            version: found.as_ref().map(|cloud| cloud.version.clone()),
            endpoint: found.map(|cloud| cloud.endpoint),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(endpoint), Some(version)) = (&self.endpoint, &self.version) else {
            return f.write_str("The local cloud does not run.");
        };
        write!(f, "The local cloud runs at {endpoint} (ministack {version}")?;
        self.pid
            .iter()
            .try_for_each(|pid| write!(f, ", process {pid}"))?;
        f.write_str(").")
    }
}

/// Mails, newest first: an array in JSON.
#[derive(Serialize)]
#[serde(transparent)]
struct Mails(Vec<Mail>);

impl fmt::Display for Mails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("No mails yet.");
        }
        for (number, mail) in self.0.iter().enumerate() {
            if number > 0 {
                writeln!(f, "\n{}\n", "─".repeat(72))?;
            }
            writeln!(f, "To:      {}", mail.to)?;
            writeln!(f, "Subject: {}", mail.subject)?;
            writeln!(f, "Date:    {}\n", mail.at)?;
            writeln!(f, "{}", mail.text.trim_end())?;
        }
        Ok(())
    }
}

/// A sentence about what was done, with its outcome for scripts.
#[derive(Debug, Serialize)]
struct Done {
    done: bool,
    #[serde(skip)]
    text: &'static str,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// The end of the log.
#[derive(Debug, Serialize)]
struct Log {
    lines: Vec<String>,
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

pub async fn run(verb: &cli::Local, global: &Global, terminal: &Terminal) -> Result<(), Error> {
    // `local` means the local cloud, with or without --local.
    let endpoint = config::endpoint(global)?;
    let endpoint = endpoint.as_deref();
    let ours = |verb| {
        if endpoint.is_some() {
            Err(Error::NotOurs(verb))
        } else {
            Ok(())
        }
    };
    match verb {
        cli::Local::Start => {
            ours("local start")?;
            terminal.result(&Status::from(Some(
                local::ensure(terminal.progress()).await?,
            )))?;
        }
        cli::Local::Stop => {
            ours("local stop")?;
            let done = local::stop().await?;
            let text = if done {
                "The local cloud is stopped."
            } else {
                "The local cloud did not run."
            };
            terminal.result(&Done { done, text })?;
        }
        cli::Local::Status => {
            let found = match endpoint {
                Some(endpoint) => local::at(endpoint).await.ok(),
                None => local::status().await?,
            };
            terminal.result(&Status::from(found))?;
        }
        cli::Local::Mail { last } => {
            let endpoint = match endpoint {
                Some(endpoint) => endpoint.to_owned(),
                None => {
                    local::status()
                        .await?
                        .ok_or(local::Error::NotRunning)?
                        .endpoint
                }
            };
            let mut mails = local::mails(&endpoint).await?;
            mails.truncate(*last);
            terminal.result(&Mails(mails))?;
        }
        cli::Local::Logs { last } => {
            ours("local logs")?;
            let log = local::log(*last)?;
            terminal.result(&Log {
                lines: log.lines().map(str::to_owned).collect(),
            })?;
        }
        cli::Local::Reset => {
            confirm(
                global,
                "This wipes every stage, user and mail of the local cloud",
                "reset",
            )?;
            local::reset(endpoint).await?;
            terminal.result(&Done {
                done: true,
                text: "The local cloud is empty.",
            })?;
        }
    }
    Ok(())
}
