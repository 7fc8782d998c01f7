//! Tables for people.

use comfy_table::{Table, presets};

/// Columns under a header, without lines.
pub fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(header)
        .add_rows(rows);
    table.trim_fmt()
}
