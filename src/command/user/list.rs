//! `mlink user list`.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::super::{Error, Place, existing};
use crate::config::Config;
use crate::link::MailFunction;
use crate::terminal::{Terminal, table};
use crate::user::{self, User};

/// A user of the list.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    user: User,
    /// Whether whoever knows the address can sign in.
    test: bool,
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
                yes(*test),
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
    let mut test_users = BTreeSet::new();
    if stack.allows_test_users() {
        let mail = MailFunction::new(&cloud, stack.output("MailFunction")?);
        let emails = users.iter().map(|user| user.email.clone()).collect();
        test_users.extend(mail.test_users(emails).await?.emails);
    }
    let listed = users.into_iter().map(|user| Listed {
        test: test_users.contains(&user.email),
        user,
    });
    terminal.result(&Users(listed.collect()))?;
    Ok(())
}
