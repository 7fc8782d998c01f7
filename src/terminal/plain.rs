//! Events as plain lines: for pipes, logs and CI.

use crate::event::{Cause, Event};

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
            is_cause,
        } => {
            let reason = reason
                .as_ref()
                .filter(|_| !is_cause)
                .map_or_else(String::new, |reason| format!(": {reason}"));
            Some(format!(
                "  {status:<20} {logical_id} ({resource_type}){reason}"
            ))
        }
        Event::Check { name, ok, detail } => {
            let outcome = if *ok { "passed" } else { "FAILED" };
            Some(format!("  {outcome:<7} {name}: {detail}"))
        }
        Event::Cause(cause) => Some(format!("\n{}\n", card(cause, indented))),
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

/// What is known of a failure, under its resource.
pub fn card(cause: &Cause, laid: impl Fn(&str, &str) -> String) -> String {
    let help = cause.help.iter().map(|help| format!("\n\n{help}"));
    laid(&format!("{cause}{}", help.collect::<String>()), "    ")
}

/// A log is searched for AWS's words: no line of them is broken.
fn indented(text: &str, indent: &str) -> String {
    let lines = text.lines().map(|line| format!("{indent}{line}"));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_a_card_in_which_commands_stand_whole() {
        let failed = Event::Resource {
            logical_id: "MailLogs".to_owned(),
            resource_type: "AWS::Logs::LogGroup".to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: Some("It already exists.".to_owned()),
            is_cause: true,
        };
        let cause = Event::Cause(Box::new(Cause {
            logical_id: "MailLogs".to_owned(),
            resource_type: "AWS::Logs::LogGroup".to_owned(),
            physical_id: Some("/aws/lambda/mlink-dev-mail".to_owned()),
            template: Some("templates/stack.yaml:511".to_owned()),
            property: None,
            reason: "It already exists.".to_owned(),
            known: Some("name.log_group"),
            meaning: Some("A log group of this name is left over.".to_owned()),
            help: Some("If its lines may go:\n  aws logs delete-log-group --log-group-name /aws/lambda/mlink-dev-mail --region eu-west-1 --profile acme".to_owned()),
        }));
        let mut plain = Plain::new(false);
        let lines = [failed, cause.clone()].map(|event| plain.line(&event).unwrap());
        insta::assert_snapshot!(lines.join("\n"));
        // What a script is told says the same.
        let json: serde_json::Value = serde_json::to_value(&cause).unwrap();
        assert_eq!(json["event"], "cause");
        for field in [
            "logical_id",
            "resource_type",
            "template",
            "reason",
            "meaning",
            "help",
        ] {
            assert!(json[field].is_string(), "{field}: {json}");
        }
    }
}
