//! Columns aligned for reading, on standard output.

use super::{Style, Ui};

/// One cell: text and how it is set off.
pub(crate) struct Cell {
    text: String,
    style: Option<Style>,
}

impl Cell {
    /// Plain text.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            style: None,
        }
    }

    /// Text that is set off where colours are wanted.
    pub(crate) fn styled(style: Style, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            style: Some(style),
        }
    }
}

/// Prints a header and rows; each column is as wide as its widest cell, the
/// last one as wide as it likes.
pub(crate) fn print(ui: &Ui, header: &[&str], rows: &[Vec<Cell>]) {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| &*cell.text);
        cells
            .chain(header.get(column).copied())
            .map(|text| text.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let head: Vec<Cell> = header
        .iter()
        .map(|text| Cell::styled(Style::Bold, *text))
        .collect();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (index, cell) in row.iter().enumerate() {
            let text = plain(&cell.text);
            match cell.style {
                Some(style) => line.push_str(&ui.styled(style, &text)),
                None => line.push_str(&text),
            }
            if index + 1 < row.len() {
                let padding = widths[index].saturating_sub(text.chars().count()) + 2;
                line.extend(std::iter::repeat_n(' ', padding));
            }
        }
        ui.line(line.trim_end());
    }
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// A text from elsewhere as it may be printed.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// File names come from elsewhere: they must not steer the terminal.
fn visible(character: char) -> char {
    if character.is_control() {
        '\u{fffd}'
    } else {
        character
    }
}
