//! `mlink user export`, and what `mlink destroy --keep-users` does first.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::{Error, Place, existing};
use crate::aws::Cloud;
use crate::cli::Global;
use crate::config::Config;
use crate::event::Progress;
use crate::stack::Stack;
use crate::terminal::{Terminal, confirm};
use crate::user::{self, Roster, RosterError};

/// What was written.
#[derive(Debug, Serialize)]
struct Exported {
    file: PathBuf,
    users: usize,
    groups: usize,
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exported { file, users, .. } = self;
        write!(
            f,
            "{} holds {users} users now. Keep it safe.",
            file.display()
        )
    }
}

pub async fn run(
    file: &Path,
    global: &Global,
    config: &Config,
    terminal: &Terminal,
) -> Result<(), Error> {
    let replace = file.exists();
    if replace {
        let what = format!("This replaces {}", file.display());
        confirm(global, &what, "yes")?;
    }
    let Place { cloud, .. } = Place::reach(config, terminal).await?;
    let stack = existing(&cloud, config).await?;
    let roster = roster(&cloud, &stack, terminal.progress()).await?;
    roster.write(file, replace).map_err(user::Error::from)?;
    terminal.result(&Exported {
        file: file.to_owned(),
        users: roster.users.len(),
        groups: roster.groups.len(),
    })?;
    Ok(())
}

async fn roster(cloud: &Cloud, stack: &Stack, progress: &Progress) -> Result<Roster, Error> {
    let step = progress.step("Export the users");
    let roster = user::export(&cloud.cognito(), stack.output("UserPoolId")?).await?;
    step.done(format!("{} users", roster.users.len()));
    Ok(roster)
}

/// Keeps the users of a stage that is about to go, in `users-<stack>.json` in `folder`. A file of that
/// name which holds something else is never replaced, `--yes` or not: that yes was to the removal.
pub async fn keep(
    cloud: &Cloud,
    stack: &Stack,
    folder: &Path,
    progress: &Progress,
) -> Result<PathBuf, Error> {
    let file = folder.join(format!("users-{}.json", stack.name));
    let roster = match roster(cloud, stack, progress).await {
        // An earlier run exported them, removed the pool, and was ended.
        Err(error) if is_gone(&error) && file.exists() => return Ok(file),
        roster => roster?,
    };
    match roster.write(&file, false) {
        Err(RosterError::Exists(_)) if Roster::read(&file).is_ok_and(|kept| kept == roster) => {}
        written => written.map_err(user::Error::from)?,
    }
    Ok(file)
}

/// Whether there is no such user pool.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::User(user::Error::Aws(error)) => {
            error.aws_code() == Some("ResourceNotFoundException")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::double::{Answer, Double};
    use aws_sdk_cloudformation::types::{Output, Stack as Described};

    fn stack() -> Stack {
        let pool = Output::builder().output_key("UserPoolId");
        let pool = pool.output_value("pool").build();
        let described = Described::builder().stack_name("mlink-dev").outputs(pool);
        Stack::from(described.build())
    }

    /// A pool with one user, or one that is gone.
    fn pool(gone: bool) -> Double {
        Double::new(move |line, _| -> Answer {
            let text = match line.rsplit('.').next() {
                _ if gone => r#"{"__type":"ResourceNotFoundException","message":"no pool"}"#,
                Some("ListGroups") => r#"{"Groups":[]}"#,
                _ => {
                    r#"{"Users":[{"Username":"u1","Enabled":true,"Attributes":[
                    {"Name":"sub","Value":"u1"},{"Name":"email","Value":"a@example.com"},
                    {"Name":"cognito:user_status","Value":"CONFIRMED"}]}]}"#
                }
            };
            let status = if gone { 400 } else { 200 };
            (status, "application/x-amz-json-1.1", text.to_owned())
        })
    }

    async fn kept(gone: bool, folder: &Path) -> Result<PathBuf, Error> {
        let cloud = pool(gone).cloud();
        keep(&cloud, &stack(), folder, &Progress::silent()).await
    }

    #[tokio::test(start_paused = true)]
    async fn users_are_kept_once_and_a_destroy_that_was_ended_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        // Nothing to fall back on: what cannot be kept is not removed.
        kept(true, folder.path()).await.unwrap_err();
        let file = kept(false, folder.path()).await.unwrap();
        assert_eq!(file, folder.path().join("users-mlink-dev.json"));
        let text = fs_err::read_to_string(&file).unwrap();
        assert!(text.contains("a@example.com") && !text.contains("cognito:"));
        // The same users again, and the pool gone since.
        kept(false, folder.path()).await.unwrap();
        kept(true, folder.path()).await.unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), text);
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_with_other_users_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users-mlink-dev.json");
        fs_err::write(&file, r#"{"version":1,"groups":[],"users":[]}"#).unwrap();
        let error = kept(false, folder.path()).await.unwrap_err();
        assert!(error.to_string().contains("is not overwritten"), "{error}");
        assert!(
            fs_err::read_to_string(&file)
                .unwrap()
                .contains("\"users\":[]")
        );
    }
}
