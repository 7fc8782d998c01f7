//! `mlink user import`.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::super::{Error, Place, existing};
use crate::config::Config;
use crate::link::MailFunction;
use crate::terminal::{Terminal, harmless};
use crate::user::{self, Imported, Outcome, Pool, Roster};

/// What became of the users of the file.
#[derive(Debug, Default, Serialize)]
struct Report {
    added: usize,
    updated: usize,
    unchanged: usize,
    failed: Vec<Failed>,
}

/// A user who could not be imported, or not wholly.
#[derive(Debug, Serialize)]
struct Failed {
    email: String,
    reason: String,
}

impl Report {
    fn of(imported: Vec<Imported>) -> Report {
        let mut report = Report::default();
        for Imported { email, outcome } in imported {
            match outcome {
                Ok(Outcome::Added) => report.added += 1,
                Ok(Outcome::Updated) => report.updated += 1,
                Ok(Outcome::Unchanged) => report.unchanged += 1,
                Err(error) => report.failed.push(Failed {
                    email,
                    reason: error.to_string(),
                }),
            }
        }
        report
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            added,
            updated,
            unchanged,
            failed,
        } = self;
        write!(
            f,
            "{added} users added, {updated} updated, {unchanged} unchanged, {} failed.",
            failed.len()
        )?;
        failed.iter().try_for_each(|failed| {
            let (email, reason) = (harmless(&failed.email), harmless(&failed.reason));
            write!(f, "\n  {email}: {reason}")
        })
    }
}

pub async fn run(file: &Path, config: &Config, terminal: &Terminal) -> Result<(), Error> {
    // What cannot be read is refused before any call.
    let roster = Roster::read(file).map_err(user::Error::from)?;
    let Place { cloud, .. } = Place::reach(config, terminal).await?;
    let stack = existing(&cloud, config).await?;
    let step = terminal.progress().step("Import the users");
    let pool = Pool {
        cognito: &cloud.cognito(),
        id: stack.output("UserPoolId")?,
        mail: &MailFunction::new(&cloud, stack.output("MailFunction")?),
    };
    let report = Report::of(pool.import(&roster, &step).await?);
    step.done(format!("{} users", roster.users.len()));
    terminal.result(&report)?;
    match report.failed.len() {
        0 => Ok(()),
        failed => Err(user::Error::Incomplete {
            failed,
            of: roster.users.len(),
        }
        .into()),
    }
}
