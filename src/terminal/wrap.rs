//! Lines that fit, and commands that are never broken: they are there to be copied.

use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter};

use super::screen;

/// Columns of a report, where the terminal has as many.
pub const WIDTH: usize = 100;

/// Columns of a report at this terminal.
pub fn width() -> usize {
    screen::columns().map_or(WIDTH, |columns| columns.min(WIDTH))
}

/// Prose falls into words; a line that begins with two blanks is a command, and one word.
pub fn separator() -> WordSeparator {
    WordSeparator::Custom(|line| match line.starts_with("  ") {
        true => Box::new(std::iter::once(Word::from(line))),
        false => WordSeparator::AsciiSpace.find_words(line),
    })
}

/// The text under an indent, in lines that fit into this many columns.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let options = Options::new(width)
        .break_words(false)
        .word_separator(separator())
        .word_splitter(WordSplitter::NoHyphenation)
        .initial_indent(indent)
        .subsequent_indent(indent);
    let lines = text.lines().flat_map(|line| match line.is_empty() {
        true => vec![std::borrow::Cow::Borrowed("")],
        false => textwrap::wrap(line, &options),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_a_command_is_not() {
        let prose = "word ".repeat(30);
        let command = format!("  aws {}", "word ".repeat(30).trim_end());
        let shown = wrapped(&format!("{prose}\n{command}\n\nend"), "    ", WIDTH);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 5, "{shown}");
        assert_eq!(lines[2], format!("    {command}"));
        assert_eq!(lines[3..], ["", "    end"]);
    }
}
