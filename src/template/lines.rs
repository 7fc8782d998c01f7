//! On which line of a YAML file a key stands. The parser keeps no positions; a template is block
//! style with one key a line, so its indentation tells.

/// How many keys of the path were found one inside the other, and the line (from 1) of the last.
pub fn find(text: &str, path: &[&str]) -> (usize, usize) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut from, mut to) = (0, lines.len());
    let (mut depth, mut last) = (0, 0);
    for key in path {
        let Some(line) = child(&lines, from, to, key) else {
            break;
        };
        (depth, last) = (depth + 1, line + 1);
        (from, to) = (line + 1, end(&lines, line, to));
    }
    (depth, last)
}

/// The line of a key among the first-level keys of a block.
fn child(lines: &[&str], from: usize, to: usize, key: &str) -> Option<usize> {
    let block = (from..to).filter(|&line| is_content(lines[line]));
    let first = block.clone().next()?;
    let indent = indent(lines[first]);
    let mut keys = block.filter(|&line| self::indent(lines[line]) == indent);
    keys.find(|&line| {
        let rest = lines[line].trim_start().trim_start_matches(['"', '\'']);
        let rest = rest.strip_prefix(key);
        let rest = rest.map(|rest| rest.trim_start_matches(['"', '\'']));
        rest.is_some_and(|rest| rest == ":" || rest.starts_with(": "))
    })
}

/// Where what belongs to the key on this line ends.
fn end(lines: &[&str], key: usize, to: usize) -> usize {
    let outside =
        |&line: &usize| is_content(lines[line]) && indent(lines[line]) <= indent(lines[key]);
    (key + 1..to).find(outside).unwrap_or(to)
}

fn is_content(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Resources:
Parameters:
  Queue: {Type: String}

Resources:
  # A comment, and a blank line, belong to nobody.

  Topic:
    Properties:
      Queue: !Ref Queue
      Body: |
        Queue:
  \"Queue\":
    Properties:
      Tags:
        - Key: a
  Queue2: {}
Outputs:
  Last: x
";

    #[test]
    fn a_key_is_found_among_its_siblings_and_nowhere_else() {
        for (path, expected) in [
            (&["Resources"][..], (1, 5)),
            (&["Resources", "Queue"], (2, 13)),
            (&["Resources", "Queue2"], (2, 17)),
            (&["Resources", "Topic", "Properties", "Queue"], (4, 10)),
            (&["Resources", "Queue", "Properties", "Tags", "0"], (4, 15)),
            (&["Resources", "Last"], (1, 5)),
            (&["Mappings"], (0, 0)),
        ] {
            assert_eq!(find(TEXT, path), expected, "{path:?}");
        }
    }
}
