//! Tables for people to read.

use comfy_table::{CellAlignment, Table, presets};

/// A plain-text table: the first column to the left, all others, which hold numbers, to the right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows);
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 1));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_line_up() {
        let rows = [["MAML", "0.77", "±0.11"], ["Meta-SGD", "12.53", "±0.09"]];
        let text = table(&["learner", "mse", "95 %"], &rows.map(|row| row.map(String::from).to_vec()));
        assert_eq!(text, "learner     mse   95 %\nMAML       0.77  ±0.11\nMeta-SGD  12.53  ±0.09");
    }
}
