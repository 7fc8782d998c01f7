//! Tables for people.

use comfy_table::{Table, presets};

/// Characters of a cell that are shown. An address has at most 254.
const WIDEST: usize = 254;

/// Columns under a header, without lines.
pub fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    let rows = rows.map(|row| row.map(|cell| harmless(&cell)));
    table
        .load_style(presets::NOTHING)
        .set_header(header)
        .add_rows(rows);
    table.trim_fmt()
}

/// Users choose their own names: nothing in them may move the cursor or forge a row.
pub fn harmless(cell: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    cell.chars().take(WIDEST).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_a_row_or_move_the_cursor() {
        let name = "Bob\u{1b}[2J\n admin@x.co".to_owned() + &"x".repeat(9000);
        let shown = table(["NAME"], [[name]].into_iter());
        assert_eq!(shown.lines().count(), 2);
        assert!(!shown.contains('\u{1b}'));
        assert!(shown.lines().all(|line| line.chars().count() < 300));
    }
}
