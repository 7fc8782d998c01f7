//! Finds sentences in AWS's messages.

/// What ends a word that AWS puts a name or an ARN in.
const ENDS: &[char] = &[' ', '"', '\'', ',', ';', '(', ')', ']', '\n', '\t'];

/// Looks for a sentence anywhere in a text, in any case of its letters. `*` stands for as little as
/// possible of anything, and at the end of the sentence for the rest of a word. What the stars stand
/// for, if it is there.
pub fn captures<'t>(sentence: &str, text: &'t str) -> Option<Vec<&'t str>> {
    // ASCII only, so that every place in the one is the same place in the other.
    let (sentence, small) = (sentence.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut pieces = sentence.split('*');
    let first = pieces.next().unwrap_or_default();
    let mut at = small.find(first)? + first.len();
    let mut found = Vec::new();
    for piece in pieces {
        let rest = &small[at..];
        let length = match piece {
            "" => {
                let blank = rest.len() - rest.trim_start().len();
                let word = rest[blank..].find(ENDS);
                word.map_or(rest.len(), |word| blank + word)
            }
            piece => rest.find(piece)?,
        };
        found.push(text[at..at + length].trim());
        at += length + piece.len();
    }
    Some(found)
}

/// The text between the first `before` and the next `after`.
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// The word after the first `before`, without quotes around it.
pub fn word_after<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    let rest = rest.trim_start_matches(['"', '\'']);
    let word = &rest[..rest.find(ENDS).unwrap_or(rest.len())];
    let word = word.trim_end_matches(['.', ':']);
    (!word.is_empty()).then_some(word)
}

/// A word as a shell takes it. What AWS's messages hold was often named by others, and what is printed
/// here is there to be pasted.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,#".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_found_with_what_its_stars_stand_for() {
        let text = "so: \"Limit exceeded for resource of type 'A::B'. Reason: none left.\" (X)";
        let expected = Some(vec!["A::B"]);
        assert_eq!(
            captures("limit EXCEEDED for resource of type '*'.", text),
            expected
        );
        let expected = Some(vec!["A::B", "none"]);
        assert_eq!(captures("type '*'. Reason: *", text), expected);
        assert_eq!(captures("type '*' is", text), None);
        assert_eq!(captures("", text), Some(vec![]));
        assert_eq!(captures("in *", "in  arn:x\" ."), Some(vec!["arn:x"]));
    }

    #[test]
    fn a_word_comes_without_its_quotes() {
        assert_eq!(
            word_after("on resource: \"arn:x\" with", "resource: "),
            Some("arn:x")
        );
        assert_eq!(word_after("to perform: a:B.", "perform: "), Some("a:B"));
        assert_eq!(word_after("to perform: ", "perform: "), None);
    }

    #[test]
    fn a_word_of_others_cannot_become_a_command() {
        assert_eq!(quoted("/aws/lambda/mlink-dev"), "/aws/lambda/mlink-dev");
        assert_eq!(quoted("x;rm -rf $HOME"), "'x;rm -rf $HOME'");
        assert_eq!(quoted("a'b`c`"), r"'a'\''b`c`'");
        assert_eq!(quoted(""), "''");
    }
}
