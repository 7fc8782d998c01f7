//! Log lines: one JSON object each, on standard output, where Lambda picks them up.
//!
//! A line is a fixed word for what happened and a few named texts. No line ever holds an address,
//! a secret, a token or an event; the `request_id` ties the lines of `api` and `mail` together, and
//! `address`, a keyed hash, all lines about one address.

use std::io::{self, Write};
use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value};

/// Something that is as it should be.
pub fn info(what: &str, fields: &[(&str, &str)]) {
    write("INFO", what, fields);
}

/// Something that a person should look into: alarms count these lines.
pub fn error(what: &str, fields: &[(&str, &str)]) {
    write("ERROR", what, fields);
}

fn write(level: &str, what: &str, fields: &[(&str, &str)]) {
    let mut line = line(level, what, fields);
    #[cfg(feature = "test-util")]
    WRITTEN.with_borrow_mut(|written| written.push(line.clone()));
    line["timestamp"] = rfc3339(SystemTime::now()).into();
    // Where nobody reads standard output there is nobody to tell that writing failed.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

#[cfg(feature = "test-util")]
thread_local! {
    static WRITTEN: std::cell::RefCell<Vec<Value>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// The lines that this thread has written since it last asked.
#[cfg(feature = "test-util")]
pub fn written() -> Vec<Value> {
    WRITTEN.take()
}

/// Without a time in this form Lambda takes a line for one of level INFO, whatever it says itself.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>
fn rfc3339(time: SystemTime) -> String {
    DateTime::from(time)
        .fmt(Format::DateTime)
        .unwrap_or_default()
}

fn line(level: &str, what: &str, fields: &[(&str, &str)]) -> Value {
    [("level", level), ("message", what)]
        .iter()
        .chain(fields)
        .map(|&(name, text)| (name.to_owned(), Value::from(text)))
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_lambda_reads_it() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_795_000_000_250);
        assert_eq!(rfc3339(time), "2026-11-18T11:06:40.25Z");
    }

    #[test]
    fn a_line_is_one_json_object_whatever_stands_in_it() {
        assert_eq!(
            line("INFO", "link.sent", &[("request_id", "a\"\nb")]).to_string(),
            r#"{"level":"INFO","message":"link.sent","request_id":"a\"\nb"}"#
        );
    }
}
