//! Events as plain lines: for pipes, logs and CI.

use crate::event::Event;

pub struct Plain {
    verbose: bool,
}

impl Plain {
    pub fn new(verbose: bool) -> Plain {
        Plain { verbose }
    }

    /// The line for an event, if it is worth one.
    pub fn line(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::StepStarted { title, .. } => Some(format!("{title} …")),
            Event::StepProgress { detail, .. } => self.verbose.then(|| format!("    {detail}")),
            Event::StepFinished { title, detail, .. } if detail.is_empty() => {
                Some(format!("{title}: done"))
            }
            Event::StepFinished { title, detail, .. } => Some(format!("{title}: {detail}")),
            Event::StepFailed { title, .. } => Some(format!("{title}: failed")),
            other => line(other),
        }
    }
}

/// What looks the same with and without a terminal.
pub fn line(event: &Event) -> Option<String> {
    match event {
        Event::Change {
            action,
            logical_id,
            resource_type,
            replacement,
        } => {
            let replaced = match replacement.as_str() {
                "True" => ", replaced",
                "Conditional" => ", perhaps replaced",
                _ => "",
            };
            Some(format!(
                "  {:<7} {logical_id} ({resource_type}{replaced})",
                action.to_lowercase()
            ))
        }
        Event::Resource {
            logical_id,
            resource_type,
            status,
            reason,
        } => {
            let reason = reason
                .as_ref()
                .map_or_else(String::new, |reason| format!(": {reason}"));
            Some(format!(
                "  {status:<20} {logical_id} ({resource_type}){reason}"
            ))
        }
        Event::Check { name, ok, detail } => {
            let outcome = if *ok { "passed" } else { "FAILED" };
            Some(format!("  {outcome:<7} {name}: {detail}"))
        }
        Event::AwsCall {
            service,
            operation,
            attempt,
            ok,
            milliseconds,
        } => {
            let outcome = if *ok { "" } else { ", failed" };
            Some(format!(
                "    {service}:{operation} (try {attempt}, {milliseconds} ms{outcome})"
            ))
        }
        Event::Note { text } => Some(format!("note: {text}")),
        Event::Warning { text } => Some(format!("warning: {text}")),
        _ => None,
    }
}
