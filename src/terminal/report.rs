//! A failure, for a person and for a script.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use std::io::IsTerminal;

use crate::event::Event;

pub fn text(error: &dyn Diagnostic) -> String {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, error) {
        Ok(()) => text.trim_end().to_owned(),
        Err(_) => error.to_string(),
    }
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
