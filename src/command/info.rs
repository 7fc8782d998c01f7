//! `mlink info`: the stage as it is.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Error, Place, existing};
use crate::aws::Cloud;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::event::Progress;
use crate::link::MailFunction;
use crate::stack::Stack;
use crate::terminal::Terminal;

/// The outputs that scripts may rely on.
const OUTPUTS: [&str; 7] = [
    "SiteUrl",
    "UserPoolId",
    "UserPoolClientId",
    "SiteBucket",
    "DistributionId",
    "ApiUrl",
    "LinkTable",
];

/// A stage: where it is and what it is made of.
#[derive(Debug, Serialize)]
pub struct Info {
    pub stage: String,
    pub stack: String,
    /// CloudFormation's StackStatus.
    pub status: String,
    pub region: String,
    pub outputs: BTreeMap<&'static str, String>,
    pub mail: Delivery,
    /// How many test users there are; none when the mail function could not be asked.
    pub test_users: Option<u64>,
}

impl Info {
    pub async fn of(
        stack: &Stack,
        cloud: &Cloud,
        config: &Config,
        progress: &Progress,
    ) -> Result<Info, Error> {
        let (mail, test_users) = tokio::join!(
            delivery(stack, cloud, config),
            test_users(stack, cloud, progress)
        );
        let known = |name: &&'static str| Some((*name, stack.outputs.get(*name)?.clone()));
        Ok(Info {
            stage: config.stage.to_string(),
            stack: stack.name.clone(),
            status: stack.status.to_string(),
            region: cloud.region.clone(),
            outputs: OUTPUTS.iter().filter_map(known).collect(),
            mail,
            test_users: test_users?,
        })
    }

    /// The test users, in words.
    pub fn test_users(&self) -> String {
        match self.test_users {
            None => "not known".to_owned(),
            Some(0) => "none".to_owned(),
            Some(count) => format!("{count}: whoever knows their address can sign in as them"),
        }
    }
}

async fn delivery(stack: &Stack, cloud: &Cloud, config: &Config) -> Delivery {
    match (stack.sender(), config.is_local()) {
        ("", _) => Delivery::none(),
        (from, true) => Delivery::local(from),
        (from, false) => Delivery::by_ses(&cloud.sesv2(), from, &cloud.region).await,
    }
}

/// Their number is worth a warning but not a failure: it takes the right to invoke a function.
async fn test_users(
    stack: &Stack,
    cloud: &Cloud,
    progress: &Progress,
) -> Result<Option<u64>, Error> {
    if !stack.allows_test_users() {
        return Ok(Some(0));
    }
    let mail = MailFunction::new(cloud, stack.output("MailFunction")?);
    match mail.test_users(Vec::new()).await {
        Ok(found) => Ok(Some(found.test_users)),
        Err(error) => {
            progress.warn(error.to_string());
            Ok(None)
        }
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {}: {}\n", self.stack, self.region, self.status)?;
        for name in OUTPUTS {
            if let Some(value) = self.outputs.get(name) {
                writeln!(f, "  {name:<17} {value}")?;
            }
        }
        writeln!(f, "  {:<17} {}", "Mail", self.mail.detail)?;
        write!(f, "  {:<17} {}", "Test users", self.test_users())
    }
}

pub async fn run(config: Config, terminal: &Terminal) -> Result<(), Error> {
    let place = Place::reach(&config, terminal).await?;
    let stack = existing(&place.cloud, &config).await?;
    let info = Info::of(&stack, &place.cloud, &config, terminal.progress()).await?;
    terminal.result(&info)?;
    Ok(())
}
