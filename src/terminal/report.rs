//! A failure, for a person and for a script.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use textwrap::WordSplitter;

use super::{screen, wrap};
use crate::event::Event;

pub fn text(error: &dyn Diagnostic) -> String {
    rendered(error, screen::is_coloured(), wrap::width())
}

pub fn rendered(error: &dyn Diagnostic, colour: bool, width: usize) -> String {
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_break_words(false)
        .with_word_separator(wrap::separator())
        .with_word_splitter(WordSplitter::NoHyphenation)
        .with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, error) {
        Ok(()) => with_whole_bar(text.trim_end()),
        Err(_) => error.to_string(),
    }
}

/// miette leaves an empty line of a message without the bar that is left of all others.
fn with_whole_bar(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let bar = |line: &str| {
        let (before, _) = line.split_once('│')?;
        let end = if before.trim().is_empty() {
            ""
        } else {
            "\x1b[0m"
        };
        Some(format!("{before}│{end}"))
    };
    let whole = lines.iter().enumerate().map(|(at, line)| {
        let below = lines.get(at + 1).filter(|_| line.is_empty());
        below
            .and_then(|below| bar(below))
            .unwrap_or((*line).to_owned())
    });
    whole.collect::<Vec<_>>().join("\n")
}

/// A command line that clap refused.
pub fn usage(error: &clap::Error) -> Event {
    let text = error.to_string();
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    Event::Error {
        code: Some("mlink::usage".to_owned()),
        message: message.trim_start_matches("error: ").to_owned(),
        causes: Vec::new(),
        help: Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty()),
    }
}

pub fn event(error: &dyn Diagnostic) -> Event {
    let text = |text: Option<Box<dyn std::fmt::Display + '_>>| text.map(|text| text.to_string());
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    Event::Error {
        code: text(error.code()),
        message: error.to_string(),
        causes,
        help: text(error.help()),
    }
}
