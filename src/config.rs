//! mlink.yaml and the command line, resolved once into a [`Config`] that is never half-made.

mod file;

use std::path::{Path, PathBuf};
use std::time::Duration;

use mlink_core::Sender;
use serde::Deserialize;

use crate::cli::Global;
pub use crate::value::{Alarms, Mode, Name};
use file::File;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error("{}: {message}", place(.file, *.line, *.column))]
    #[diagnostic(
        code(mlink::config::file),
        help("The README's section \"Configuration\" lists every key with its form and default.")
    )]
    File {
        file: PathBuf,
        line: usize,
        column: usize,
        message: String,
    },
    #[error("--stage {0}")]
    #[diagnostic(code(mlink::config::stage))]
    Stage(String),
    #[error("--endpoint {endpoint}: {message}")]
    #[diagnostic(
        code(mlink::config::endpoint),
        help("The form is http://127.0.0.1:4566, together with --local.")
    )]
    Endpoint { endpoint: String, message: String },
    #[error("there is no mlink project in {} or above it", .0.display())]
    #[diagnostic(
        code(mlink::config::project),
        help("Run this command in a clone of mlink, where templates/stack.yaml is.")
    )]
    NoProject(PathBuf),
    #[error("could not read the configuration")]
    #[diagnostic(code(mlink::config::read))]
    Read(#[from] std::io::Error),
}

fn place(file: &Path, line: usize, column: usize) -> String {
    match line {
        0 => file.display().to_string(),
        _ => format!("{}:{line}:{column}", file.display()),
    }
}

/// Where a command works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Aws,
    /// The local cloud: mlink's own, or the one at the endpoint.
    Local {
        endpoint: Option<String>,
    },
}

/// The processor that the functions run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    Arm64,
}

impl Architecture {
    /// The name that Lambda knows it by.
    pub fn lambda_name(self) -> &'static str {
        match self {
            Architecture::X86_64 => "x86_64",
            Architecture::Arm64 => "arm64",
        }
    }

    /// The name that Rust knows it by, in a target triple and in `std::env::consts::ARCH`.
    pub fn rust_name(self) -> &'static str {
        match self {
            Architecture::X86_64 => "x86_64",
            Architecture::Arm64 => "aarch64",
        }
    }
}

/// The page's own domain and its certificate, which must be in us-east-1 (CloudFront's rule).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    pub name: String,
    pub certificate: String,
}

/// The mails: who they come from, and what they say of whom.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Without one no mail is sent.
    pub sender: Option<Sender>,
    pub reply_to: Option<Sender>,
    /// Who writes.
    pub brand: String,
    /// What one signs in to.
    pub product: String,
    /// With `{product}` and `{brand}` for the two.
    pub subject: String,
}

/// How much is too much.
#[derive(Clone, Debug)]
pub struct Throttle {
    /// Between two mails to an address.
    pub mail_pause: Duration,
    /// To one address.
    pub mails_per_hour: u32,
    /// Links of a user that are out at the same time; one more takes the place of the oldest.
    pub links: u32,
    /// Of one caller, by IP address.
    pub requests_per_hour: u32,
    /// Of all callers together.
    pub api_requests_per_second: u32,
    /// How many requests may come at once.
    pub api_burst: u32,
}

/// Everything that a command needs to know before it talks to AWS.
#[derive(Clone, Debug)]
pub struct Config {
    pub name: Name,
    pub stage: Name,
    pub target: Target,
    pub profile: Option<String>,
    pub region: Option<String>,
    /// The only account that this stage may be in.
    pub account: Option<String>,
    /// The only region that this stage may be in.
    pub pinned_region: Option<String>,
    pub protected: bool,
    pub mode: Mode,
    pub architecture: Architecture,
    pub link_lifetime: Duration,
    pub access_lifetime: Duration,
    pub refresh_lifetime: Duration,
    pub mail: Mail,
    pub throttle: Throttle,
    /// Whether this stage may have test users, whose links are given to whoever asks.
    pub test_users: bool,
    pub log_retention_days: u32,
    /// Who is told of trouble.
    pub alarms: Option<Alarms>,
    pub domain: Option<Domain>,
    directory: PathBuf,
    flags: String,
}

impl Config {
    /// Reads mlink.yaml from `directory` or the nearest folder above it that has one; without any,
    /// the defaults hold.
    pub fn load(global: &Global, directory: &Path) -> Result<Config, Error> {
        let stage = Name::parse(&global.stage).map_err(Error::Stage)?;
        let target = target(global)?;
        let mut file = match directory
            .ancestors()
            .map(|d| d.join(file::NAME))
            .find(|f| f.is_file())
        {
            Some(path) => File::read(&path)?,
            None => File::default(),
        };
        let own = file
            .stages
            .remove(stage.as_str())
            .flatten()
            .unwrap_or_default();
        let brand = file.brand.map_or(file.name.to_string(), |brand| brand.0);
        let mail = Mail {
            sender: file.email.from.map(|from| from.0),
            reply_to: file.email.reply_to.map(|to| to.0),
            product: file.product.map_or(brand.clone(), |product| product.0),
            subject: file.email.subject.0,
            brand,
        };
        Ok(Config {
            name: file.name,
            stage,
            target,
            profile: global.profile.clone(),
            region: global.region.clone().or(own.region.clone()).or(file.region),
            pinned_region: own.region,
            account: own.account.map(|account| account.0),
            protected: own.protected,
            mode: own.mode.unwrap_or(if own.protected {
                Mode::Standard
            } else {
                Mode::Express
            }),
            architecture: file.architecture,
            link_lifetime: file.link.lifetime.0,
            access_lifetime: file.session.access.0,
            refresh_lifetime: file.session.refresh.0,
            mail,
            throttle: file.throttle.into(),
            // Who signs in as one needs no mailbox: nothing for a stage that is worth protecting.
            test_users: own.test_users.unwrap_or(!own.protected),
            log_retention_days: file.logs.retention.0,
            alarms: file.alarms,
            domain: own.domain,
            directory: directory.to_owned(),
            flags: flags(global),
        })
    }

    /// The clone of mlink that this command runs in: what `deploy` builds.
    pub fn project(&self) -> Result<PathBuf, Error> {
        self.directory
            .ancestors()
            .find(|folder| folder.join("templates/stack.yaml").is_file())
            .map(Path::to_owned)
            .ok_or_else(|| Error::NoProject(self.directory.clone()))
    }

    pub fn is_local(&self) -> bool {
        self.target != Target::Aws
    }

    /// The rest of a command line that means this stage: ` --local --stage lewis`.
    pub fn flags(&self) -> String {
        self.flags.clone()
    }
}

/// What was said on the command line about where to work, to be said again.
fn flags(global: &Global) -> String {
    let local = if global.local { " --local" } else { "" };
    let options = [
        ("endpoint", global.endpoint.as_ref()),
        ("stage", Some(&global.stage)),
        ("profile", global.profile.as_ref()),
        ("region", global.region.as_ref()),
    ];
    let given = options
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    given.fold(local.to_owned(), |flags, (name, value)| {
        format!("{flags} --{name} {value}")
    })
}

fn target(global: &Global) -> Result<Target, Error> {
    let endpoint = endpoint(global)?;
    match (global.local, endpoint) {
        (true, endpoint) => Ok(Target::Local { endpoint }),
        (false, None) => Ok(Target::Aws),
        (false, Some(endpoint)) => Err(Error::Endpoint {
            endpoint,
            message: "an endpoint goes with --local".to_owned(),
        }),
    }
}

/// The address of a local cloud that someone else runs, without a slash at the end.
pub fn endpoint(global: &Global) -> Result<Option<String>, Error> {
    let Some(endpoint) = &global.endpoint else {
        return Ok(None);
    };
    let refused = |message: &str| Error::Endpoint {
        endpoint: endpoint.clone(),
        message: message.to_owned(),
    };
    let url = reqwest::Url::parse(endpoint).map_err(|error| refused(&error.to_string()))?;
    if url.scheme() != "http" || url.path() != "/" || url.query().is_some() {
        return Err(refused("not the plain http address of a local cloud"));
    }
    Ok(Some(endpoint.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    fn load(yaml: &str, arguments: &[&str]) -> Result<Config, Error> {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(file::NAME), yaml).unwrap();
        let line = ["mlink"].iter().chain(arguments).chain(["info"].iter());
        Config::load(&Cli::parse_from(line).global, folder.path())
    }

    /// The error as a person sees it, without the folder.
    fn refusal(yaml: &str) -> String {
        let error = load(yaml, &[]).unwrap_err().to_string();
        error[error.find(file::NAME).unwrap()..].to_owned()
    }

    #[test]
    fn nothing_written_means_the_defaults() {
        for empty in ["", "# only a comment\n", "{}"] {
            let config = load(empty, &[]).unwrap();
            assert_eq!(config.name.as_str(), "mlink");
            assert_eq!(config.stage.as_str(), "dev");
            assert_eq!(config.link_lifetime.as_secs(), 1800);
            assert_eq!(config.access_lifetime.as_secs(), 3600);
            assert_eq!(config.refresh_lifetime.as_secs(), 30 * 86_400);
            assert_eq!(config.target, Target::Aws);
            assert!(config.mail.sender.is_none());
            // The product is called as the brand is, and that as the deployment is.
            assert_eq!(config.mail.product, "mlink");
            assert_eq!(config.mail.subject, "Your sign-in link for {product}");
            assert_eq!(config.throttle.mail_pause.as_secs(), 30);
            assert_eq!(config.throttle.mails_per_hour, 5);
            assert_eq!(config.throttle.links, 5);
            assert_eq!(config.throttle.requests_per_hour, 60);
            assert_eq!(config.log_retention_days, 30);
            assert_eq!(config.alarms, None);
        }
    }

    #[test]
    fn every_key_is_read() {
        let yaml = r#"
name: acme
region: eu-west-1
architecture: arm64
brand: Acme
product: Acme Console
link: { lifetime: 10m }
session: { access: 15m, refresh: 7d }
email: { from: "Acme <Login@acme.example>", reply_to: help@acme.example, subject: "{product}: sign in" }
throttle:
  address: { pause: 2m, mails: 3/h, links: 4 }
  caller: { requests: 600/h }
  api: { rate: 20/s, burst: 40 }
logs: { retention: 7d }
alarms: ops@acme.example
stages:
  lewis:
  prod: { account: "123456789012", protected: true, domain: { name: login.acme.example, certificate: "arn:x" } }
"#;
        let config = load(yaml, &["--stage", "prod"]).unwrap();
        assert_eq!(config.name.as_str(), "acme");
        assert_eq!(config.region.as_deref(), Some("eu-west-1"));
        assert_eq!(config.architecture, Architecture::Arm64);
        assert_eq!(config.link_lifetime.as_secs(), 600);
        assert_eq!(config.access_lifetime.as_secs(), 900);
        assert_eq!(config.refresh_lifetime.as_secs(), 7 * 86_400);
        assert_eq!(
            config.mail.sender.unwrap().address().as_str(),
            "login@acme.example"
        );
        assert_eq!(
            config.mail.reply_to.unwrap().address().as_str(),
            "help@acme.example"
        );
        assert_eq!(config.mail.brand, "Acme");
        assert_eq!(config.mail.product, "Acme Console");
        assert_eq!(config.mail.subject, "{product}: sign in");
        let throttle = config.throttle;
        assert_eq!(throttle.mail_pause.as_secs(), 120);
        assert_eq!((throttle.mails_per_hour, throttle.links), (3, 4));
        assert_eq!(throttle.requests_per_hour, 600);
        assert_eq!(
            (throttle.api_requests_per_second, throttle.api_burst),
            (20, 40)
        );
        assert_eq!(config.log_retention_days, 7);
        let ops = Alarms::Email("ops@acme.example".to_owned());
        assert_eq!(config.alarms, Some(ops));
        assert_eq!(config.account.as_deref(), Some("123456789012"));
        assert!(config.protected);
        assert_eq!(config.domain.unwrap().name, "login.acme.example");
        assert!(!load(yaml, &["--stage", "lewis"]).unwrap().protected);
    }

    #[test]
    fn test_users_are_for_stages_that_are_not_protected() {
        let allowed = |stage: &str| {
            let yaml = format!("stages: {{ dev: {stage} }}");
            load(&yaml, &[]).unwrap().test_users
        };
        assert!(allowed("{}"));
        assert!(!allowed("{ test_users: false }"));
        assert!(!allowed("{ protected: true }"));
        let both = refusal("stages:\n  dev: {}\n  prod: { protected: true, test_users: true }\n");
        insta::assert_snapshot!(both);
    }

    #[test]
    fn a_limit_has_its_unit_and_its_range() {
        let refused = [
            "throttle: { address: { mails: 5 } }",
            "throttle: { address: { mails: 21/h } }",
            "throttle: { address: { mails: 5/d } }",
            "throttle: { address: { pause: 61m } }",
            "throttle: { address: { links: 0 } }",
            "throttle: { caller: { requests: 0/h } }",
            "throttle: { api: { rate: 50/h } }",
            "logs: { retention: 8d }",
            "alarms: arn:aws:sqs:eu-west-1:123456789012:ops",
            "email: { subject: \"{name}\" }",
            "product: \"\"",
            "brand: \"Acme\\r\\nBcc: all@acme.example\"",
        ];
        insta::assert_snapshot!(refused.map(refusal).join("\n"));
    }

    #[test]
    fn a_stage_may_have_a_region_of_its_own() {
        let yaml = "region: eu-west-1\nstages: { dev: { region: us-east-1 } }";
        let config = load(yaml, &[]).unwrap();
        assert_eq!(config.region.as_deref(), Some("us-east-1"));
        assert_eq!(config.pinned_region.as_deref(), Some("us-east-1"));
        let other = load(yaml, &["--stage", "other"]).unwrap();
        assert_eq!(other.region.as_deref(), Some("eu-west-1"));
        assert_eq!(other.pinned_region, None);
    }

    #[test]
    fn the_command_line_wins() {
        let config = load("region: eu-west-1", &["--region", "us-east-1"]).unwrap();
        assert_eq!(config.region.as_deref(), Some("us-east-1"));
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_place_and_the_allowed_form() {
        insta::assert_snapshot!(refusal("name: mlink\nregoin: eu-west-1\n"));
        insta::assert_snapshot!(refusal("name: [mlink]\n"));
        insta::assert_snapshot!(refusal("name: mlink\nlink:\n  lifetime: 8d\n"));
        insta::assert_snapshot!(refusal("session: { access: soon }\n"));
        insta::assert_snapshot!(refusal("session:\n  access: 1h\n  refresh: 1\n"));
        insta::assert_snapshot!(refusal("architecture: sparc\n"));
        insta::assert_snapshot!(refusal(
            "name: mlink\nstages:\n  lewis: {}\n  My_Stage: {}\n"
        ));
        insta::assert_snapshot!(refusal("email:\n  from: acme\n"));
        insta::assert_snapshot!(refusal("stages:\n  prod: { account: 1234 }\n"));
        insta::assert_snapshot!(refusal("stages:\n  prod: { protect: true }\n"));
        insta::assert_snapshot!(refusal("name: mlink\nlink: [\n"));
    }

    #[test]
    fn a_stage_that_cannot_be_a_stack_name_is_refused() {
        for stage in ["", "Lewis", "1st", "a_b", "a-", "a234567890123456789012"] {
            let error = load("", &["--stage", stage]).unwrap_err();
            assert!(matches!(error, Error::Stage(_)), "{stage}");
        }
    }

    #[test]
    fn an_endpoint_is_a_plain_address_and_goes_with_local() {
        let local = |endpoint| load("", &["--local", "--endpoint", endpoint]);
        let expected = Target::Local {
            endpoint: Some("http://127.0.0.1:4566".to_owned()),
        };
        assert_eq!(local("http://127.0.0.1:4566/").unwrap().target, expected);
        for wrong in [
            "127.0.0.1:4566",
            "https://127.0.0.1",
            "http://a/b",
            "http://",
        ] {
            assert!(
                matches!(local(wrong), Err(Error::Endpoint { .. })),
                "{wrong}"
            );
        }
        let without = load("", &["--endpoint", "http://127.0.0.1:4566"]);
        assert!(matches!(without, Err(Error::Endpoint { .. })));
    }
}
