//! mlink.yaml and the command line, resolved once into a [`Config`] that is never half-made.

mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mlink_core::Sender;
use serde::Deserialize;

use crate::cli::Global;
pub use value::Name;
use value::{Account, DAY, From, Lifetime, MINUTE};

const FILE: &str = "mlink.yaml";

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
    pub protected: bool,
    pub architecture: Architecture,
    pub link_lifetime: Duration,
    pub access_lifetime: Duration,
    pub refresh_lifetime: Duration,
    pub sender: Option<Sender>,
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
            .map(|d| d.join(FILE))
            .find(|f| f.is_file())
        {
            Some(path) => read(&path)?,
            None => File::default(),
        };
        let own = file
            .stages
            .remove(stage.as_str())
            .flatten()
            .unwrap_or_default();
        Ok(Config {
            name: file.name,
            stage,
            target,
            profile: global.profile.clone(),
            region: global.region.clone().or(file.region),
            account: own.account.map(|account| account.0),
            protected: own.protected,
            architecture: file.architecture,
            link_lifetime: file.link.lifetime.0,
            access_lifetime: file.session.access.0,
            refresh_lifetime: file.session.refresh.0,
            sender: file.email.map(|email| email.from.0),
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

fn read(path: &Path) -> Result<File, Error> {
    let text = fs_err::read_to_string(path)?;
    // An empty file, or one with comments only, configures nothing.
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(File::default());
    }
    let file: File = serde_yaml::from_str(&text).map_err(|error| {
        // The location stands in front already.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let from = error.location().map(|at| at.index());
        // For a value that this program refuses, the parser gives the place of the map around it.
        let (line, column) = match (from, message.split('`').nth(1)) {
            (Some(from), Some(culprit)) => place_of(&text, from, culprit),
            (Some(from), None) => place_of(&text, from, ""),
            (None, _) => (0, 0),
        };
        Error::File {
            file: path.to_owned(),
            line,
            column,
            message: message.to_owned(),
        }
    })?;
    // Names of stages are keys, for which the parser gives the place of the whole map.
    for stage in file.stages.keys() {
        if let Err(message) = Name::parse(stage) {
            let from = text.find("stages").unwrap_or_default();
            let (line, column) = place_of(&text, from, stage);
            return Err(Error::File {
                file: path.to_owned(),
                line,
                column,
                message,
            });
        }
    }
    Ok(file)
}

/// Line and column, counted from one, of the first `wanted` that stands by itself at or after a place
/// in the text; of that place, where there is none.
fn place_of(text: &str, from: usize, wanted: &str) -> (usize, usize) {
    let from = text.floor_char_boundary(from);
    let alone = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[at + wanted.len()..].chars().next();
        ![before, after]
            .iter()
            .flatten()
            .any(|c| c.is_alphanumeric())
    };
    let found = text[from..]
        .match_indices(wanted)
        .map(|(at, _)| from + at)
        .find(alone);
    let before = &text[..found.unwrap_or(from)];
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    name: Name,
    region: Option<String>,
    architecture: Architecture,
    link: Link,
    session: Session,
    email: Option<EmailSection>,
    stages: BTreeMap<String, Option<Stage>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Stage {
    account: Option<Account>,
    protected: bool,
    domain: Option<Domain>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Link {
    lifetime: Lifetime<{ MINUTE }, { 7 * DAY }, { 30 * MINUTE }>,
}

/// The ranges are Cognito's: TokenValidityUnits in the API reference of CreateUserPoolClient.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Session {
    access: Lifetime<{ 5 * MINUTE }, DAY, { 60 * MINUTE }>,
    refresh: Lifetime<{ 60 * MINUTE }, { 3650 * DAY }, { 30 * DAY }>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailSection {
    from: From,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    fn load(yaml: &str, arguments: &[&str]) -> Result<Config, Error> {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(FILE), yaml).unwrap();
        let line = ["mlink"].iter().chain(arguments).chain(["info"].iter());
        Config::load(&Cli::parse_from(line).global, folder.path())
    }

    /// The error as a person sees it, without the folder.
    fn refusal(yaml: &str) -> String {
        let error = load(yaml, &[]).unwrap_err().to_string();
        error[error.find(FILE).unwrap()..].to_owned()
    }

    #[test]
    fn nothing_written_means_the_defaults() {
        for empty in ["", "# only a comment\n", "{}"] {
            let config = load(empty, &[]).unwrap();
            assert_eq!(config.name.as_str(), "mlink");
            assert_eq!(config.stage.as_str(), "dev");
            assert_eq!(config.link_lifetime.as_secs(), 1800);
            assert_eq!(config.access_lifetime.as_secs(), 3600);
            assert_eq!(config.refresh_lifetime.as_secs(), 30 * DAY);
            assert_eq!(config.target, Target::Aws);
            assert!(config.sender.is_none());
        }
    }

    #[test]
    fn every_key_is_read() {
        let yaml = r#"
name: acme
region: eu-west-1
architecture: arm64
link: { lifetime: 10m }
session: { access: 15m, refresh: 7d }
email: { from: "Acme <Login@acme.example>" }
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
        assert_eq!(config.refresh_lifetime.as_secs(), 7 * DAY);
        assert_eq!(
            config.sender.unwrap().address().as_str(),
            "login@acme.example"
        );
        assert_eq!(config.account.as_deref(), Some("123456789012"));
        assert!(config.protected);
        assert_eq!(config.domain.unwrap().name, "login.acme.example");
        assert!(!load(yaml, &["--stage", "lewis"]).unwrap().protected);
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
