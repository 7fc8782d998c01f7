//! `mlink user list`.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::super::{Error, Place, existing};
use crate::aws::Cloud;
use crate::config::Config;
use crate::event::Progress;
use crate::link::MailFunction;
use crate::stack::Stack;
use crate::terminal::{Terminal, table};
use crate::user::{self, User};

/// A user of the list.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    user: User,
    /// Whether whoever knows the address can sign in; none when the mail function could not be asked.
    test: Option<bool>,
}

/// The users of a stage: an array in JSON, a table in text.
#[derive(Serialize)]
#[serde(transparent)]
struct Users(Vec<Listed>);

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("No users yet: `mlink user add EMAIL` adds one.");
        }
        let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let rows = self.0.iter().map(|Listed { user, test }| {
            [
                user.email.clone(),
                user.name.clone().unwrap_or_default(),
                user.status.clone(),
                yes(user.enabled),
                test.map_or_else(|| "not known".to_owned(), yes),
                user.created.clone().unwrap_or_default(),
            ]
        });
        let header = ["EMAIL", "NAME", "STATUS", "ENABLED", "TEST", "CREATED"];
        f.write_str(&table(header, rows))
    }
}

pub async fn run(config: &Config, terminal: &Terminal) -> Result<(), Error> {
    let Place { cloud, .. } = Place::reach(config, terminal).await?;
    let stack = existing(&cloud, config).await?;
    let users = user::list(&cloud.cognito(), stack.output("UserPoolId")?).await?;
    let emails = users.iter().map(|user| user.email.clone()).collect();
    let test_users = test_users(&cloud, &stack, emails, terminal.progress()).await?;
    let listed = users.into_iter().map(|user| Listed {
        test: test_users.as_ref().map(|all| all.contains(&user.email)),
        user,
    });
    terminal.result(&Users(listed.collect()))?;
    Ok(())
}

/// Which of these they are. As in `mlink info`, not to know it is worth a warning but not a failure.
async fn test_users(
    cloud: &Cloud,
    stack: &Stack,
    emails: Vec<String>,
    progress: &Progress,
) -> Result<Option<BTreeSet<String>>, Error> {
    if !stack.allows_test_users() {
        return Ok(Some(BTreeSet::new()));
    }
    let mail = MailFunction::new(cloud, stack.output("MailFunction")?);
    match mail.test_users(emails).await {
        Ok(found) => Ok(Some(found.emails.into_iter().collect())),
        Err(error) => {
            progress.warn(error.to_string());
            Ok(None)
        }
    }
}
