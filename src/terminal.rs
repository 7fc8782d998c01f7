//! The only code that prints: results to stdout, everything else to stderr.

mod json;
mod live;
mod plain;
mod prompt;
mod report;
mod screen;
mod signals;
mod table;
mod wrap;

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::cli::{Global, Output};
use crate::event::{Event, Progress};
use live::Live;
pub use prompt::{Refused, Then, choose, confirm, insist};
pub use signals::{Ending, Signals};
pub use table::{harmless, table};

/// What was to be done is done, but its result is lost.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("it is done, but the result could not be written")]
#[diagnostic(code(mlink::output), help("`mlink info` shows the stage."))]
pub struct Unwritten(#[source] std::io::Error);

/// Where a command's words go, and in which form.
pub struct Terminal {
    output: Output,
    live: Option<Arc<Mutex<Live>>>,
    progress: Progress,
}

impl Terminal {
    pub fn new(global: &Global) -> Terminal {
        let verbose = global.verbose;
        let wanted = move |event: &Event| verbose || !matches!(event, Event::AwsCall { .. });
        let fancy =
            global.output == Output::Text && std::io::stderr().is_terminal() && !screen::is_dumb();
        let live = fancy.then(|| Arc::new(Mutex::new(Live::new(verbose))));
        let progress = match (&live, global.output) {
            (Some(live), _) => {
                let live = live.clone();
                Progress::new(move |event| {
                    if wanted(&event) {
                        live.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .show(event);
                    }
                })
            }
            (None, Output::Json) => {
                let mut json = json::Json::new();
                Progress::new(move |event| {
                    if wanted(&event) {
                        say(&json.line(&event));
                    }
                })
            }
            (None, Output::Text) => {
                let mut plain = plain::Plain::new(verbose);
                Progress::new(move |event| {
                    if wanted(&event)
                        && let Some(line) = plain.line(&event)
                    {
                        say(&line);
                    }
                })
            }
        };
        Terminal {
            output: global.output,
            live,
            progress,
        }
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The result of the command: one JSON document, or text for a person.
    pub fn result<T: Serialize + Display>(&self, result: &T) -> Result<(), Unwritten> {
        self.close();
        let text = match self.output {
            Output::Json => serde_json::to_string(result).unwrap_or_else(|error| error.to_string()),
            Output::Text => result.to_string(),
        };
        if text.is_empty() {
            return Ok(());
        }
        match writeln!(std::io::stdout().lock(), "{text}") {
            // A reader that closed the pipe has read enough.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Unwritten(error)),
            _ => Ok(()),
        }
    }

    /// A failed command: the whole report for a person, an event for a script.
    pub fn error(&self, error: &dyn miette::Diagnostic) {
        self.close();
        match self.output {
            Output::Json => self.progress.send(report::event(error)),
            Output::Text => say(&report::text(error)),
        }
    }

    /// Takes whatever moves off the screen.
    pub fn close(&self) {
        if let Some(live) = &self.live {
            live.lock().unwrap_or_else(PoisonError::into_inner).close();
        }
    }

    /// Makes room for a question while something is under way; it is shown again with [`Self::resume`].
    pub fn pause(&self) {
        if let Some(live) = &self.live {
            live.lock().unwrap_or_else(PoisonError::into_inner).pause();
        }
    }

    pub fn resume(&self) {
        if let Some(live) = &self.live {
            live.lock().unwrap_or_else(PoisonError::into_inner).resume();
        }
    }
}

/// What clap has to say: help and version to stdout, a wrong command line to stderr, as an event for a
/// script that asked for them. The exit code is clap's: 0 or 2.
pub fn usage(error: &clap::Error) -> u8 {
    let arguments: Vec<_> = std::env::args().collect();
    let json = arguments
        .windows(2)
        .any(|pair| pair == ["--output", "json"])
        || arguments.iter().any(|argument| argument == "--output=json");
    if json && error.use_stderr() {
        say(&json::Json::new().line(&report::usage(error)));
    } else {
        // Nobody to tell when the stream is closed.
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).unwrap_or(1)
}

/// A failure as a person sees it who has no colours.
#[cfg(test)]
pub fn shown(error: &dyn miette::Diagnostic) -> String {
    report::rendered(error, false, wrap::WIDTH)
}

fn say(line: &str) {
    // Nobody to tell when stderr is closed.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
