//! Questions before what cannot be undone.

use std::io::IsTerminal;

use inquire::{InquireError, Select, Text};

use crate::cli::Global;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Refused {
    #[error("{0}: declined")]
    #[diagnostic(code(mlink::refused::declined))]
    Declined(String),
    #[error("{0}: that has to be confirmed, and there is no terminal to ask at")]
    #[diagnostic(code(mlink::refused::no_terminal), help("`--yes` confirms it."))]
    NoTerminal(String),
    #[error("{0}: that has to be typed, and there is no terminal to ask at")]
    #[diagnostic(code(mlink::refused::no_terminal))]
    NotTyped(String, #[help] String),
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
    if !is_interactive() {
        return Err(Refused::NoTerminal(what.to_owned()));
    }
    ask(what, word)
}

/// The same for what `--yes` is not enough for; `option` is what says it on the command line.
pub fn insist(what: &str, word: &str, option: &str) -> Result<(), Refused> {
    if !is_interactive() {
        let help = format!("`{option}` says that it is meant; `--yes` is not enough.");
        return Err(Refused::NotTyped(what.to_owned(), help));
    }
    ask(what, word)
}

/// Whether there is somebody to ask.
pub fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// What a person wants after a Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Leave,
    Cancel,
    Follow,
}

/// Asks; without a terminal, or at another Ctrl-C, it is to leave.
pub fn choose(what: &str, can_cancel: bool) -> Then {
    const LEAVE: &str = "leave it to itself; running this again follows it";
    const CANCEL: &str = "cancel it; the stack goes back to what it was";
    const FOLLOW: &str = "go on following it";
    if !is_interactive() {
        return Then::Leave;
    }
    let mut options = vec![LEAVE, FOLLOW];
    if can_cancel {
        options.insert(1, CANCEL);
    }
    match Select::new(what, options).prompt() {
        Ok(CANCEL) => Then::Cancel,
        // Escape takes the question back.
        Ok(FOLLOW) | Err(InquireError::OperationCanceled) => Then::Follow,
        _ => Then::Leave,
    }
}

fn ask(what: &str, word: &str) -> Result<(), Refused> {
    let question = format!("{what}. Type `{word}` to go on:");
    match Text::new(&question).prompt() {
        Ok(answer) if answer.trim() == word => Ok(()),
        Ok(_) | Err(InquireError::OperationCanceled) => Err(Refused::Declined(what.to_owned())),
        Err(InquireError::OperationInterrupted) => Err(Refused::Interrupted(what.to_owned())),
        Err(error) => Err(Refused::Terminal(error)),
    }
}
