//! One file a verb: gather, call the domain, report.

mod deploy;
mod destroy;
mod diff;
mod drift;
mod guard;
mod info;
mod interrupt;
mod link;
mod local;
mod user;

use std::pin::pin;
use std::process::ExitCode;

use crate::aws::Cloud;
use crate::cli::{self, Cli, Command};
use crate::config::{Config, Target};
use crate::terminal::{Signals, Terminal};
use crate::{
    artifact, aws, config, plan, readiness, site, stack, store, survivors, template, terminal,
};

use interrupt::Interrupts;

/// How mlink ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Refused = 3,
    Different = 4,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Aws(#[from] aws::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Local(#[from] crate::local::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] template::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] artifact::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Stack(#[from] stack::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Site(#[from] site::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Proof(#[from] crate::proof::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    User(#[from] crate::user::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Link(#[from] crate::link::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Readiness(#[from] readiness::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Survivors(#[from] survivors::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] terminal::Refused),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unwritten(#[from] terminal::Unwritten),
    #[error("{0}")]
    #[diagnostic(code(mlink::refused::guard))]
    Guard(String, #[help] String),
    #[error("could not make a secret: the system has no random bytes")]
    #[diagnostic(code(mlink::random))]
    Random(#[from] mlink_core::RandomError),
    #[error("could not find out which folder this is")]
    #[diagnostic(code(mlink::folder))]
    Folder(#[source] std::io::Error),
    #[error("`{0}` makes no sense for a local cloud that somebody else runs")]
    #[diagnostic(
        code(mlink::local::endpoint),
        help("Leave --endpoint (MLINK_ENDPOINT) away.")
    )]
    NotOurs(&'static str),
}

impl Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Config(_) | Error::NotOurs(_) => Exit::Usage,
            Error::User(crate::user::Error::Address { .. }) => Exit::Usage,
            Error::Refused(terminal::Refused::Interrupted(_)) => Exit::Interrupted,
            Error::Refused(_) | Error::Guard(..) => Exit::Refused,
            Error::Stack(
                stack::Error::Foreign(_)
                | stack::Error::ForeignChangeSet(..)
                | stack::Error::Overtaken(_)
                | stack::Error::State { .. },
            ) => Exit::Refused,
            Error::Site(site::Error::Overtaken) => Exit::Refused,
            Error::User(crate::user::Error::Roster(crate::user::RosterError::Exists(_))) => {
                Exit::Refused
            }
            _ => Exit::Failed,
        }
    }
}

/// Runs the command and says how it ended.
pub async fn run(cli: Cli, terminal: &Terminal) -> Exit {
    let interrupts = Interrupts::default();
    let mut signals = Signals::new();
    let mut command = pin!(dispatch(&cli, terminal, &interrupts));
    let ended = loop {
        tokio::select! {
            ended = &mut command => break ended,
            ending = signals.next_of_command() => {
                if interrupts.leaves(ending, &mut signals, terminal).await {
                    terminal.close();
                    terminal.progress().leave();
                    terminal.progress().warn(interrupts.farewell());
                    return Exit::Interrupted;
                }
            }
        }
    };
    match ended {
        Ok(exit) => exit,
        Err(error) => {
            // What somebody asked for is no failure that they have to read about.
            if let Some(stack) = interrupts.went_back().await {
                let text = format!("cancelled; {stack} is what it was before this deploy");
                terminal.progress().warn(text);
                return Exit::Interrupted;
            }
            terminal.error(&error);
            error.exit()
        }
    }
}

async fn dispatch(cli: &Cli, terminal: &Terminal, interrupts: &Interrupts) -> Result<Exit, Error> {
    let folder = std::env::current_dir().map_err(Error::Folder)?;
    let config = || Config::load(&cli.global, &folder);
    match &cli.command {
        Command::Diff | Command::Deploy(cli::Deploy { dry_run: true, .. }) => {
            return diff::run(config()?, terminal).await;
        }
        Command::Drift => return drift::run(config()?, terminal).await,
        Command::Deploy(arguments) => {
            deploy::run(arguments, &cli.global, config()?, terminal, interrupts).await?;
        }
        Command::Destroy(arguments) => {
            destroy::run(arguments, &cli.global, config()?, terminal, interrupts).await?;
        }
        Command::Info => info::run(config()?, terminal).await?,
        Command::Link(arguments) => link::run(arguments, config()?, terminal).await?,
        Command::User(verb) => user::run(verb, &cli.global, config()?, terminal).await?,
        // The local cloud is the user's own, whatever mlink.yaml says here.
        Command::Local(verb) => local::run(verb, &cli.global, terminal).await?,
    }
    Ok(Exit::Done)
}

/// Where a command works, and that it may work there.
struct Place {
    cloud: Cloud,
    /// The local cloud's endpoint; none on AWS.
    local_endpoint: Option<String>,
}

impl Place {
    /// Connects, starting the local cloud where that is the target.
    async fn reach(config: &Config, terminal: &Terminal) -> Result<Place, Error> {
        let progress = terminal.progress();
        let region = config.region.as_deref();
        let local_endpoint = match &config.target {
            Target::Aws => None,
            Target::Local {
                endpoint: Some(endpoint),
            } => Some(crate::local::at(endpoint).await?.endpoint),
            Target::Local { endpoint: None } => {
                Some(crate::local::ensure(progress).await?.endpoint)
            }
        };
        let cloud = match &local_endpoint {
            Some(endpoint) => Cloud::local(endpoint, region, progress).await?,
            None => Cloud::aws(config.profile.as_deref(), region, progress).await?,
        };
        if !config.is_local() {
            is_allowed(config, &cloud)?;
        }
        Ok(Place {
            cloud,
            local_endpoint,
        })
    }

    fn local_port(&self) -> Option<u16> {
        self.local_endpoint.as_deref().map(crate::local::port)
    }
}

/// Refuses an account or a region that the stage is not for.
fn is_allowed(config: &Config, cloud: &Cloud) -> Result<(), Error> {
    let stage = &config.stage;
    if let Some(pinned) = &config.account
        && *pinned != cloud.account
    {
        return Err(Error::Guard(
            format!(
                "the stage {stage} belongs to the account {pinned}, and these credentials are for {}",
                cloud.account
            ),
            "Choose the right profile with --profile, or change `account` in mlink.yaml."
                .to_owned(),
        ));
    }
    if let Some(pinned) = &config.pinned_region
        && *pinned != cloud.region
    {
        return Err(Error::Guard(
            format!(
                "the stage {stage} belongs to {pinned}, and this is for {}",
                cloud.region
            ),
            "Leave --region away, or change `region` of the stage in mlink.yaml.".to_owned(),
        ));
    }
    Ok(())
}

/// What the words about a failure of the stage's stack are made of.
fn context<'a>(
    config: &Config,
    place: &Place,
    template: Option<&'a template::Template>,
) -> stack::Context<'a> {
    let profile = config.profile.iter().filter(|_| !config.is_local());
    let profile = profile.map(|profile| format!(" --profile {profile}"));
    let endpoint = place.local_endpoint.iter();
    let endpoint = endpoint.map(|endpoint| format!(" --endpoint-url {endpoint}"));
    let domain = config.domain.as_ref();
    stack::Context {
        verb: stack::Verb::Deploy,
        stack: plan::stack_name(config),
        region: place.cloud.region.clone(),
        account: place.cloud.account.clone(),
        flags: config.flags(),
        aws_flags: profile.chain(endpoint).collect(),
        domain: domain.map(|domain| (domain.name.clone(), domain.certificate.clone())),
        template,
    }
}

/// The template that the stack was made of, if this project still has it.
fn template_of(config: &Config, stack: &stack::Stack) -> Option<template::Template> {
    let project = config.project().ok()?;
    let template = template::Template::load(&project, config.is_local()).ok()?;
    let sent = stack.parameters.get("TemplateFingerprint")?;
    (*sent == template.fingerprint).then_some(template)
}

/// The stage's stack, which has to exist.
async fn existing(cloud: &Cloud, config: &Config) -> Result<stack::Stack, Error> {
    let name = plan::stack_name(config);
    let Some(found) = stack::Stack::find(&cloud.cloudformation(), &name).await? else {
        let help = format!("`mlink deploy{}` makes it.", config.flags());
        return Err(stack::Error::Missing(name, help).into());
    };
    found.check_owner(&plan::tags(config))?;
    Ok(found)
}
