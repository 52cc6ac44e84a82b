//! Aligned columns.

use super::text::width;

/// Rows of cells under a header; the first column is flush left, the others flush right. Cells may carry colours.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Adds a row.
    pub(crate) fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table with `gap` blanks between columns; columns beyond the first `flush_left` stand at the right.
    pub(crate) fn render(&self, flush_left: usize, gap: usize) -> String {
        self.render_by(|column| column < flush_left, gap)
    }

    /// As [`Table::render`]; a function says which columns stand at the left.
    pub(crate) fn render_by(&self, flush_left: impl Fn(usize) -> bool, gap: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let visible = |cell: &str| width(&anstream::adapter::strip_str(cell).to_string());
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| visible(cell)).max())
            .map(Option::unwrap_or_default)
            .collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let blank = " ".repeat(widths[column].saturating_sub(visible(cell)));
                let space = if column > 0 { " ".repeat(gap) } else { String::new() };
                line += &match flush_left(column) {
                    true => format!("{space}{cell}{blank}"),
                    false => format!("{space}{blank}{cell}"),
                };
            }
            out += line.trim_end();
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_wide_text_do_not_shift_columns() {
        let mut table = Table::default();
        table.row(["signal", "items"]);
        table.row(["\x1b[1m日本\x1b[0m".to_owned(), "1,204".to_owned()]);
        let text = anstream::adapter::strip_str(&table.render(1, 2)).to_string();
        assert_eq!(text, "signal  items\n日本    1,204\n");
    }
}
