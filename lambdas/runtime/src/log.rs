//! Log lines: one JSON object each, on standard output, where Lambda picks them up.
//!
//! A line is a fixed word for what happened and a few named texts. No line ever holds an address,
//! a secret, a token or an event; the `request_id` ties the lines of `api` and `mail` together.

use std::io::{self, Write};

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
    // Where nobody reads standard output there is nobody to tell that writing failed.
    let _ = writeln!(io::stdout().lock(), "{}", line(level, what, fields));
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
    fn a_line_is_one_json_object_whatever_stands_in_it() {
        assert_eq!(
            line("INFO", "mail_sent", &[("request_id", "a\"\nb")]).to_string(),
            r#"{"level":"INFO","message":"mail_sent","request_id":"a\"\nb"}"#
        );
    }
}
