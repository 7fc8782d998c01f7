//! `mlink`: a passwordless magic-link sign-in on your own AWS account, with one command.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod artifact;
mod aws;
mod browser;
mod bucket;
mod cli;
mod command;
mod config;
mod delivery;
mod event;
mod holdings;
mod link;
mod local;
mod plan;
mod process;
mod proof;
mod readiness;
mod site;
mod stack;
mod store;
mod survivors;
mod template;
mod terminal;
mod turn;
mod user;
mod value;

use clap::Parser;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return terminal::usage(&error).into(),
    };
    let terminal = terminal::Terminal::new(&cli.global);
    let exit = command::run(cli, &terminal).await;
    terminal.close();
    // At once: who was interrupted waits for no name that is still being looked up.
    std::process::exit(exit as i32)
}
