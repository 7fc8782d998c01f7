//! Questions before what cannot be undone.

use std::io::IsTerminal;

use inquire::{InquireError, Text};

use crate::cli::Global;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Refused {
    #[error("{0}: declined")]
    #[diagnostic(code(mlink::refused::declined))]
    Declined(String),
    #[error("{0}: that has to be confirmed, and there is no terminal to ask at")]
    #[diagnostic(code(mlink::refused::no_terminal), help("`--yes` confirms it."))]
    NoTerminal(String),
    #[error("{0}: interrupted")]
    #[diagnostic(code(mlink::refused::interrupted))]
    Interrupted(String),
    #[error("could not ask")]
    #[diagnostic(code(mlink::refused::terminal))]
    Terminal(#[source] InquireError),
}

/// Goes on only when the person types `word`, or said `--yes` before.
pub fn confirm(global: &Global, what: &str, word: &str) -> Result<(), Refused> {
    if global.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Refused::NoTerminal(what.to_owned()));
    }
    let question = format!("{what}. Type `{word}` to go on:");
    match Text::new(&question).prompt() {
        Ok(answer) if answer.trim() == word => Ok(()),
        Ok(_) | Err(InquireError::OperationCanceled) => Err(Refused::Declined(what.to_owned())),
        Err(InquireError::OperationInterrupted) => Err(Refused::Interrupted(what.to_owned())),
        Err(error) => Err(Refused::Terminal(error)),
    }
}
