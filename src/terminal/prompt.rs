//! Questions before what cannot be undone.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::channel;

use inquire::{InquireError, Select, Text};

use super::screen::{self, Modes};
use super::signals::{self, Signals};
use super::{say, wrap};
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

/// Asks; without somebody to ask, or at another Ctrl-C, it is to leave.
pub fn choose(what: &str, can_cancel: bool) -> Then {
    const LEAVE: &str = "leave it; the next run follows it";
    const CANCEL: &str = "cancel it: back to what it was";
    const FOLLOW: &str = "go on following it";
    if !is_interactive() || screen::is_dumb() {
        return Then::Leave;
    }
    say(&format!("\n{}", wrap::wrapped(what, "", wrap::width())));
    let mut options = vec![LEAVE, FOLLOW];
    if can_cancel {
        options.insert(1, CANCEL);
    }
    let menu = move || {
        Select::new("What now?", options)
            .with_help_message("↑ ↓ Enter; Ctrl-C leaves it")
            .without_filtering()
            .prompt()
    };
    match answered(menu) {
        Ok(CANCEL) => Then::Cancel,
        // Escape takes the question back.
        Ok(FOLLOW) | Err(InquireError::OperationCanceled) => Then::Follow,
        _ => Then::Leave,
    }
}

fn ask(what: &str, word: &str) -> Result<(), Refused> {
    let sentence = wrap::wrapped(&format!("{what}."), "", wrap::width());
    say(&format!("\n{sentence}"));
    let question = format!("Type `{word}` to go on:");
    let typed = answered(move || match screen::is_dumb() {
        true => line(&question),
        false => Text::new(&question).prompt(),
    });
    match typed {
        Ok(answer) if answer.trim() == word => Ok(()),
        Ok(_) | Err(InquireError::OperationCanceled) => Err(Refused::Declined(what.to_owned())),
        Err(InquireError::OperationInterrupted) => Err(Refused::Interrupted(what.to_owned())),
        Err(error) => Err(Refused::Terminal(error)),
    }
}

/// What is typed at a terminal that can only take one line after the other.
fn line(question: &str) -> Result<String, InquireError> {
    write!(std::io::stderr(), "{question} ")?;
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer)? {
        // Ctrl-D.
        0 => Err(InquireError::OperationCanceled),
        _ => Ok(answer),
    }
}

/// The answer, or that a signal took the question back. While it is open the terminal is in other modes
/// than the shell wants, and nothing else runs: so the signals are heard here.
fn answered<T: Send + 'static>(
    question: impl FnOnce() -> Result<T, InquireError> + Send + 'static,
) -> Result<T, InquireError> {
    let modes = Modes::now();
    let mut signals = Signals::new();
    let (answer, first) = channel();
    let no_answer = answer.clone();
    let heard = tokio::spawn(async move {
        signals.next().await;
        let _ = no_answer.send(None);
    });
    // Nothing can end its reading of the keyboard but the end of mlink.
    std::thread::spawn(move || answer.send(Some(question())));
    let first = first.recv();
    heard.abort();
    match first {
        Ok(Some(answered)) => answered,
        _ => {
            signals::take_back();
            if let Some(modes) = modes {
                modes.set();
            }
            // Below the question; the cursor shown, and what is pasted no longer marked as such.
            let plain = screen::is_dumb();
            say(if plain { "" } else { "\x1b[?25h\x1b[?2004l" });
            Err(InquireError::OperationInterrupted)
        }
    }
}
