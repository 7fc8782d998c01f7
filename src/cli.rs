//! What can be typed. Nothing here decides anything: see `config.rs` and `command/`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::value::{Mode, link_lifetime};

const EXIT_CODES: &str = "\
Exit codes:
  0    done, also when there was nothing to do
  1    failed
  2    wrong usage or configuration
  3    refused: a guard, a declined question, the wrong account, a stack of somebody else or in
       a state that needs you, another deploy that came first
  4    there are differences (diff, deploy --dry-run, drift)
  130  interrupted, by a signal too";

/// A passwordless magic-link sign-in on your own AWS account, with one command
#[derive(Debug, Parser)]
#[command(name = "mlink", version, after_long_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Stage to work on: lower-case letters, digits and hyphens, at most 20
    #[arg(long, global = true, env = "MLINK_STAGE", default_value = "dev")]
    pub stage: String,
    /// Use the local cloud on this machine instead of AWS
    #[arg(long, global = true, env = "MLINK_LOCAL", value_parser = FalseyValueParser::new())]
    pub local: bool,
    /// With --local: a local cloud that someone else runs, neither started nor stopped by mlink
    #[arg(long, global = true, env = "MLINK_ENDPOINT", value_name = "URL")]
    pub endpoint: Option<String>,
    /// AWS profile [default: the AWS_PROFILE variable, else `default`]
    #[arg(long, global = true)]
    pub profile: Option<String>,
    /// AWS region [default: mlink.yaml, else the environment's or the profile's]
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// How to print: `json` gives one document on stdout and one event a line on stderr
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// Answer yes to every question but that of lost data (`deploy --replace-data`)
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Also show each AWS call and what the child processes print
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, apply the stack, publish the page, prove that it works
    Deploy(Deploy),
    /// Show what a deploy would change, property by property
    ///
    /// Ends with 4 when there is something, 0 when there is nothing.
    Diff,
    /// Show what was changed by hand since the last deploy
    ///
    /// Ends with 4 when there is something, 0 when there is nothing.
    Drift,
    /// Remove the stage with everything in it
    ///
    /// Then looks for what carries the stage's tags or its names: ends with 0 when nothing is left, and
    /// with 1 and the command that removes each thing when something is.
    Destroy(Destroy),
    /// Show the stage: its status and its outputs
    Info,
    /// Make a sign-in link for a user, without a mail
    Link(Link),
    /// Add, list, remove, export and import the people who may sign in
    #[command(subcommand)]
    User(User),
    /// Start, stop and look into the local cloud
    #[command(subcommand)]
    Local(Local),
}

#[derive(Debug, Args)]
pub struct Deploy {
    /// Agree that users and links go with resources that are removed or made anew: how many of both,
    /// as the refused deploy said
    #[arg(long, value_name = "COUNT")]
    pub replace_data: Option<u64>,
    /// Only show what would change, as `mlink diff` does
    #[arg(long)]
    pub dry_run: bool,
    /// How CloudFormation applies a change [default: mlink.yaml, else `express`, and `standard` for a
    /// protected stage]
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Open the page in the browser when it is published
    #[arg(long)]
    pub open: bool,
    /// Do not prove afterwards that what was deployed works
    #[arg(long)]
    pub no_verify: bool,
}

#[derive(Debug, Args)]
pub struct Destroy {
    /// Write the users to users-<STACK>.json first; nothing is removed where that fails
    #[arg(long)]
    pub keep_users: bool,
}

#[derive(Debug, Args)]
pub struct Link {
    /// Email address of the user
    pub email: String,
    /// How long the link is good, from 1m to 7d [default: link.lifetime in mlink.yaml]
    #[arg(long, value_name = "TIME", value_parser = link_lifetime)]
    pub lifetime: Option<Duration>,
    /// Open the link in the browser: signs in there. Not on a machine with users whom you do not trust:
    /// one of them could be faster than the browser
    #[arg(long)]
    pub open: bool,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a user; the address counts as verified, and no mail is sent without --invite
    Add(AddUser),
    /// List all users
    List,
    /// End every session of a user; tokens that are out stay good until they expire
    SignOut {
        /// Email address of the user
        email: String,
    },
    /// Keep a user from signing in, end every session, and remove the links that are out
    Disable {
        /// Email address of the user
        email: String,
    },
    /// Let a disabled user sign in again
    Enable {
        /// Email address of the user
        email: String,
    },
    /// Remove a user and the links that were mailed to them
    Remove {
        /// Email address of the user
        email: String,
        /// Only make an ordinary user of a test user
        #[arg(long)]
        test: bool,
    },
    /// Write all users to a file: attributes, groups, and whether they are enabled
    ///
    /// The file is for its owner's eyes only (mode 0600), and no file is overwritten without --yes. Links,
    /// sessions and who is a test user stay behind.
    Export {
        /// Where to
        #[arg(long, value_name = "FILE", default_value = "users.json")]
        file: PathBuf,
    },
    /// Bring the users of an exported file in; their `sub` will be another
    ///
    /// Who is missing is added; no mail is sent. Who is there gets the attributes and groups of the file,
    /// and is enabled or disabled as the file says; what the file does not name stays. So the same file can
    /// be imported again and again. Users that Cognito refuses are listed with the reason, and the others
    /// are imported all the same.
    ///
    /// Cognito gives each added user a new `sub`. Whatever else knows users by it, such as rows of a
    /// database, has to learn the new one: the file holds the old one beside the address.
    Import {
        /// What `mlink user export` wrote
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct AddUser {
    /// Email address of the user
    pub email: String,
    /// Name to show on the page
    #[arg(long)]
    pub name: Option<String>,
    /// Make a test user: whoever knows the address gets the link, and no mail is sent
    #[arg(long)]
    pub test: bool,
    /// Mail the user a first link; for a user who is there, too
    #[arg(long, conflicts_with = "test")]
    pub invite: bool,
    /// With --invite: how long the link is good, from 1m to 7d
    #[arg(long, value_name = "TIME", value_parser = link_lifetime, default_value = "1d", requires = "invite")]
    pub lifetime: Duration,
}

#[derive(Debug, Subcommand)]
pub enum Local {
    /// Start the local cloud in the background; installs it on first use
    Start,
    /// Stop the local cloud; its state is kept
    Stop,
    /// Show whether the local cloud runs, and where
    Status,
    /// Print the mails that the local cloud was asked to send, newest first
    Mail {
        /// How many mails
        #[arg(long, short = 'n', default_value_t = 10, value_name = "COUNT")]
        last: usize,
    },
    /// Print the end of the local cloud's log
    Logs {
        /// How many lines
        #[arg(long, short = 'n', default_value_t = 100, value_name = "LINES")]
        last: usize,
    },
    /// Wipe the local cloud: every stage, user and mail in it
    Reset,
}
