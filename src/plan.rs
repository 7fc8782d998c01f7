//! What a deploy will ask for: names, parameters, and the cheapest path that is right. Pure.

use std::collections::BTreeMap;

use mlink_core::Sender;
use serde::Serialize;

use crate::config::{Alarms, Config};

/// The three Lambda functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    Challenge,
    Api,
    Mail,
}

impl Function {
    pub const ALL: [Function; 3] = [Function::Challenge, Function::Api, Function::Mail];

    /// The cargo package and its binary.
    pub fn package(self) -> &'static str {
        match self {
            Function::Challenge => "mlink-challenge",
            Function::Api => "mlink-api",
            Function::Mail => "mlink-mail",
        }
    }

    /// Its name in Lambda.
    pub fn name(self, stack: &str) -> String {
        let own = match self {
            Function::Challenge => "challenge",
            Function::Api => "api",
            Function::Mail => "mail",
        };
        format!("{stack}-{own}")
    }

    /// The template's parameter for the S3 key of its code.
    pub fn parameter(self) -> &'static str {
        match self {
            Function::Challenge => "ChallengeCodeKey",
            Function::Api => "ApiCodeKey",
            Function::Mail => "MailCodeKey",
        }
    }
}

/// What a deploy did, or has to do: the cheapest way that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    Nothing,
    /// Only files of the page changed.
    Site,
    /// Nothing of the stack but the functions' code changed.
    Code,
    Stack,
}

impl Path {
    pub fn reason(self) -> &'static str {
        match self {
            Path::Nothing => "nothing has changed",
            Path::Site => "only the page has changed",
            Path::Code => "the functions' code has changed",
            Path::Stack => "the stack has changed",
        }
    }
}

/// Stack names are `<name>-<stage>`; functions, log groups and the pool are named after them.
pub fn stack_name(config: &Config) -> String {
    format!("{}-{}", config.name, config.stage)
}

/// One bucket per account and region holds the artifacts of every stage.
pub fn artifact_bucket(account: &str, region: &str) -> String {
    format!("mlink-artifacts-{account}-{region}")
}

pub const NAME_TAG: &str = "mlink:name";
pub const STAGE_TAG: &str = "mlink:stage";

/// The stack's tags never change: CloudFormation copies them to every resource, and each change
/// would touch them all.
pub fn tags(config: &Config) -> [(&'static str, String); 2] {
    [
        (NAME_TAG, config.name.to_string()),
        (STAGE_TAG, config.stage.to_string()),
    ]
}

/// The value of a template parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    Value(String),
    /// Keep what the stack has (`UsePreviousValue`): a secret that mlink made once and never saw again.
    Previous,
}

pub type Parameters = BTreeMap<&'static str, Parameter>;

/// Parameters that are random, made at the first deploy.
const SECRETS: [&str; 2] = ["MacKey", "OriginSecret"];

/// Outputs that tell about the last change; they are no reason for one.
const ABOUT: [&str; 2] = ["DeployedBy", "MlinkVersion"];

/// What else the parameters are made of.
pub struct Inputs<'a> {
    pub artifact_bucket: &'a str,
    pub code_keys: BTreeMap<Function, String>,
    pub template_fingerprint: &'a str,
    /// ARN of the caller.
    pub deployed_by: &'a str,
    /// The local cloud's port; none on AWS.
    pub local_port: Option<u16>,
    /// The parameters of the stack as it is, if there is one.
    pub existing: Option<&'a BTreeMap<String, String>>,
}

/// Every parameter of the template. `random` makes a new secret: 32 bytes in base64url.
pub fn parameters<E>(
    config: &Config,
    inputs: &Inputs<'_>,
    random: impl Fn() -> Result<String, E>,
) -> Result<Parameters, E> {
    let minutes = |time: std::time::Duration| (time.as_secs() / 60).to_string();
    let (from, address) = match &config.mail.sender {
        // A sender of the stage's own, whatever is configured: identities are shared by all stages of
        // the local cloud, and go with the stage that made them.
        _ if config.is_local() => {
            let address = format!("login@{}.localhost", stack_name(config));
            (format!("{} <{address}>", config.name), address)
        }
        Some(sender) => (sender.header(), sender.address().as_str().to_owned()),
        None => (String::new(), String::new()),
    };
    let reply_to = config.mail.reply_to.as_ref().map(Sender::header);
    let reply_to = reply_to.unwrap_or_default();
    let (alarm_email, alarm_topic) = match config.alarms.clone() {
        Some(Alarms::Email(email)) => (email, String::new()),
        Some(Alarms::Topic(arn)) => (String::new(), arn),
        None => (String::new(), String::new()),
    };
    let domain = config.domain.as_ref();
    let mut values = BTreeMap::from([
        ("Architecture", config.architecture.lambda_name().to_owned()),
        ("ArtifactBucket", inputs.artifact_bucket.to_owned()),
        (
            "LinkLifetimeSeconds",
            config.link_lifetime.as_secs().to_string(),
        ),
        ("AccessTokenMinutes", minutes(config.access_lifetime)),
        ("RefreshTokenMinutes", minutes(config.refresh_lifetime)),
        ("EmailFrom", from),
        ("EmailFromAddress", address),
        ("Brand", config.mail.brand.clone()),
        ("Product", config.mail.product.clone()),
        ("Subject", config.mail.subject.clone()),
        ("ReplyTo", reply_to),
        (
            "MailPauseSeconds",
            config.throttle.mail_pause.as_secs().to_string(),
        ),
        ("MailsPerHour", config.throttle.mails_per_hour.to_string()),
        ("LinksOutstanding", config.throttle.links.to_string()),
        (
            "RequestsPerHour",
            config.throttle.requests_per_hour.to_string(),
        ),
        (
            "ApiRate",
            config.throttle.api_requests_per_second.to_string(),
        ),
        ("ApiBurst", config.throttle.api_burst.to_string()),
        ("TestUsers", config.test_users.to_string()),
        ("LogRetentionDays", config.log_retention_days.to_string()),
        ("AlarmEmail", alarm_email),
        ("AlarmTopicArn", alarm_topic),
        // Only from the second change set on: a first one that failed could not be rolled back.
        (
            "Protected",
            (config.protected && inputs.existing.is_some()).to_string(),
        ),
        (
            "DomainName",
            domain.map(|domain| domain.name.clone()).unwrap_or_default(),
        ),
        (
            "CertificateArn",
            domain
                .map(|domain| domain.certificate.clone())
                .unwrap_or_default(),
        ),
        (
            "TemplateFingerprint",
            inputs.template_fingerprint.to_owned(),
        ),
        ("DeployedBy", inputs.deployed_by.to_owned()),
        ("MlinkVersion", env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    for (function, key) in &inputs.code_keys {
        values.insert(function.parameter(), key.clone());
    }
    if let Some(port) = inputs.local_port {
        values.insert("LocalPort", port.to_string());
    }
    let mut parameters: Parameters = values
        .into_iter()
        .map(|(name, value)| (name, Parameter::Value(value)))
        .collect();
    for secret in SECRETS {
        let known = inputs
            .existing
            .is_some_and(|existing| existing.contains_key(secret));
        let value = if known {
            Parameter::Previous
        } else {
            Parameter::Value(random()?)
        };
        parameters.insert(secret, value);
    }
    Ok(parameters)
}

/// What has to be done to the stack, seen from its parameters. [`Path::Site`] is not decided here.
pub fn path(parameters: &Parameters, existing: Option<&BTreeMap<String, String>>) -> Path {
    let Some(existing) = existing else {
        return Path::Stack;
    };
    let changed = |name: &str, parameter: &Parameter| match parameter {
        Parameter::Previous => false,
        Parameter::Value(value) => existing.get(name) != Some(value) && !ABOUT.contains(&name),
    };
    let mut path = Path::Nothing;
    for (name, parameter) in parameters {
        if !changed(name, parameter) {
            continue;
        }
        if !Function::ALL
            .iter()
            .any(|function| function.parameter() == *name)
        {
            return Path::Stack;
        }
        path = Path::Code;
    }
    path
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::cli::Cli;
    use crate::template::Template;
    use clap::Parser;

    fn config(arguments: &[&str]) -> Config {
        let line = ["mlink"].iter().chain(arguments).chain(["info"].iter());
        let nowhere = tempfile::tempdir().unwrap();
        Config::load(&Cli::parse_from(line).global, nowhere.path()).unwrap()
    }

    fn made(arguments: &[&str], existing: Option<&BTreeMap<String, String>>) -> Parameters {
        made_of(&config(arguments), existing)
    }

    fn made_of(config: &Config, existing: Option<&BTreeMap<String, String>>) -> Parameters {
        let inputs = Inputs {
            artifact_bucket: "artifacts",
            code_keys: Function::ALL
                .map(|f| (f, format!("lambda/{f:?}.zip")))
                .into(),
            template_fingerprint: "f1",
            deployed_by: "arn:aws:iam::123456789012:user/lewis",
            local_port: config.is_local().then_some(4566),
            existing,
        };
        parameters(config, &inputs, || Ok::<_, Infallible>("random".to_owned())).unwrap()
    }

    /// What DescribeStacks shows after a deploy with these parameters.
    fn shown(parameters: &Parameters) -> BTreeMap<String, String> {
        let value = |name: &str, parameter: &Parameter| match parameter {
            _ if SECRETS.contains(&name) => "****".to_owned(),
            Parameter::Value(value) => value.clone(),
            Parameter::Previous => unreachable!(),
        };
        parameters
            .iter()
            .map(|(name, p)| ((*name).to_owned(), value(name, p)))
            .collect()
    }

    #[test]
    fn every_parameter_of_the_template_is_supplied_and_no_other() {
        let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (arguments, local) in [(&[][..], false), (&["--local"][..], true)] {
            let mut declared = Template::load(project, local).unwrap().parameters();
            declared.sort();
            let supplied: Vec<&str> = made(arguments, None).into_keys().collect();
            assert_eq!(supplied, declared);
        }
    }

    #[test]
    fn secrets_are_made_once_and_kept() {
        let first = made(&[], None);
        assert_eq!(first["MacKey"], Parameter::Value("random".to_owned()));
        let existing = shown(&first);
        let second = made(&[], Some(&existing));
        assert_eq!(second["MacKey"], Parameter::Previous);
        assert_eq!(second["OriginSecret"], Parameter::Previous);
        assert_eq!(path(&second, Some(&existing)), Path::Nothing);
    }

    #[test]
    fn the_cheapest_path_is_chosen() {
        let existing = shown(&made(&[], None));
        let with = |name: &'static str, value: &str| {
            let mut parameters = made(&[], Some(&existing));
            parameters.insert(name, Parameter::Value(value.to_owned()));
            path(&parameters, Some(&existing))
        };
        assert_eq!(with("ApiCodeKey", "lambda/other.zip"), Path::Code);
        assert_eq!(with("LinkLifetimeSeconds", "60"), Path::Stack);
        assert_eq!(with("TemplateFingerprint", "f2"), Path::Stack);
        assert_eq!(with("DeployedBy", "somebody else"), Path::Nothing);
        assert_eq!(with("MlinkVersion", "9.9.9"), Path::Nothing);
        assert_eq!(path(&made(&[], None), None), Path::Stack);
    }

    #[test]
    fn mail_is_sent_locally_without_a_sender_and_not_on_aws() {
        assert_eq!(
            made(&[], None)["EmailFrom"],
            Parameter::Value(String::new())
        );
        let local = &made(&["--local"], None)["EmailFrom"];
        assert_eq!(
            *local,
            Parameter::Value("mlink <login@mlink-dev.localhost>".to_owned())
        );
    }

    #[test]
    fn a_protected_stage_has_no_test_users_from_the_first_deploy_on() {
        let nowhere = tempfile::tempdir().unwrap();
        let yaml = "stages: { dev: { protected: true } }";
        fs_err::write(nowhere.path().join("mlink.yaml"), yaml).unwrap();
        let line = Cli::parse_from(["mlink", "info"]);
        let parameters = made_of(&Config::load(&line.global, nowhere.path()).unwrap(), None);
        let value = |name| match &parameters[name] {
            Parameter::Value(value) => value.clone(),
            Parameter::Previous => unreachable!(),
        };
        assert_eq!(value("TestUsers"), "false");
        assert_eq!(value("Protected"), "false");
    }

    #[test]
    fn names_carry_the_stage() {
        let config = config(&["--stage", "lewis"]);
        assert_eq!(stack_name(&config), "mlink-lewis");
        let bucket = artifact_bucket("123456789012", "ap-southeast-2");
        assert_eq!(bucket, "mlink-artifacts-123456789012-ap-southeast-2");
        // S3 takes 63 characters; the longest region names have 14.
        assert!(bucket.len() <= 63);
    }
}
