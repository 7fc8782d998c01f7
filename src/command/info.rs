//! `mlink info`: the stage as it is.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Error, Place, existing};
use crate::aws::Cloud;
use crate::config::Config;
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
    #[serde(skip)]
    pub mail: String,
}

impl Info {
    pub fn of(stack: &Stack, cloud: &Cloud, config: &Config) -> Info {
        let known = |name: &&'static str| Some((*name, stack.outputs.get(*name)?.clone()));
        Info {
            stage: config.stage.to_string(),
            stack: stack.name.clone(),
            status: stack.status.to_string(),
            region: cloud.region.clone(),
            outputs: OUTPUTS.iter().filter_map(known).collect(),
            mail: mail(stack.sender(), config.is_local()),
        }
    }
}

/// What becomes of the mail, in a line.
fn mail(from: &str, local: bool) -> String {
    match (from, local) {
        ("", _) => NO_MAIL.to_owned(),
        (from, true) => format!("kept by the local cloud: mlink local mail (from {from})"),
        (from, false) => format!("sent by SES from {from}"),
    }
}

/// Said wherever a stage without a sender is shown.
pub const NO_MAIL: &str = "none is sent: set email.from in mlink.yaml and deploy again";

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {}: {}\n", self.stack, self.region, self.status)?;
        for name in OUTPUTS {
            if let Some(value) = self.outputs.get(name) {
                writeln!(f, "  {name:<17} {value}")?;
            }
        }
        write!(f, "  {:<17} {}", "Mail", self.mail)
    }
}

pub async fn run(config: Config, terminal: &Terminal) -> Result<(), Error> {
    let place = Place::reach(&config, terminal).await?;
    let stack = existing(&place.cloud, &config).await?;
    terminal.result(&Info::of(&stack, &place.cloud, &config))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_becomes_of_the_mail() {
        assert_eq!(mail("", false), NO_MAIL);
        assert_eq!(mail("a@b.co", false), "sent by SES from a@b.co");
        let local = mail("a@b.co", true);
        assert_eq!(
            local,
            "kept by the local cloud: mlink local mail (from a@b.co)"
        );
    }
}
