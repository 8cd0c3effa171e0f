//! Who can read what, as tables that fit the terminal.

use nixseal_repository::matrix::{Access, Matrix};
use serde_json::{Map, Value, json};

use super::shown;
use crate::commands::Session;
use crate::ui::Style;
use crate::ui::table::{self, Cell, width};

/// Blanks between columns.
const GAP: usize = 2;

/// Prints it; where all recipients do not fit side by side, as several tables.
pub(super) fn print(session: &Session<'_>, matrix: &Matrix) {
    let ui = &session.context.ui;
    let names: Vec<String> = matrix
        .rows
        .iter()
        .map(|row| shown(session, &row.path))
        .collect();
    let first = names
        .iter()
        .map(|name| width(name))
        .max()
        .unwrap_or(0)
        .max(4);
    let room = ui.width().saturating_sub(first);
    let widths: Vec<usize> = matrix
        .columns
        .iter()
        .map(|column| width(&column.name))
        .collect();
    for (index, part) in parts(&widths, room).into_iter().enumerate() {
        if index > 0 {
            ui.line("");
        }
        let columns = matrix.columns.get(part.clone()).unwrap_or_default();
        let mut header = vec!["FILE"];
        header.extend(columns.iter().map(|column| column.name.as_str()));
        let lines: Vec<Vec<Cell>> = matrix
            .rows
            .iter()
            .zip(&names)
            .map(|(row, name)| {
                let cells = row.cells.get(part.clone()).unwrap_or_default();
                let file = [Cell::plain(name.clone())];
                file.into_iter().chain(cells.iter().map(cell)).collect()
            })
            .collect();
        table::print(ui, &header, &lines);
    }
}

fn cell(access: &Option<Access>) -> Cell {
    match access {
        None => Cell::plain(""),
        Some(access) => {
            let style = match access {
                Access::Reads => Style::Good,
                Access::Ruled => Style::Dim,
                Access::Added => Style::Odd,
                Access::Left => Style::Bad,
            };
            Cell::styled(style, access.letter())
        }
    }
}

/// Which columns stand side by side: as many as fit into `room`, at least one.
fn parts(widths: &[usize], room: usize) -> Vec<std::ops::Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (index, width) in widths.iter().enumerate() {
        if used + GAP + width > room && index > start {
            parts.push(start..index);
            (start, used) = (index, 0);
        }
        used += GAP + width;
    }
    if start < widths.len() || widths.is_empty() {
        parts.push(start..widths.len());
    }
    parts
}

/// The same for programs; cells by the names of recipients.
pub(super) fn json(session: &Session<'_>, matrix: &Matrix) -> Value {
    let recipients: Vec<Value> = matrix
        .columns
        .iter()
        .map(|column| {
            json!({ "name": column.name, "key": column.keys.first(), "keys": column.keys })
        })
        .collect();
    let file = |row: &nixseal_repository::matrix::Row| {
        let cells = matrix.columns.iter().zip(&row.cells);
        let access: Map<String, Value> = cells
            .filter_map(|(column, access)| Some((column.name.clone(), json!((*access)?.name()))))
            .collect();
        json!({
            "name": shown(session, &row.path),
            "path": row.path.display().to_string(),
            "access": access,
        })
    };
    let files: Vec<Value> = matrix.rows.iter().map(file).collect();
    json!({ "recipients": recipients, "files": files })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_wrapped_into_several_tables() {
        let bounds = |widths: &[usize], most| -> Vec<(usize, usize)> {
            let parts = parts(widths, most);
            parts.iter().map(|part| (part.start, part.end)).collect()
        };
        assert_eq!(bounds(&[5, 5, 5], 21), [(0, 3)]);
        assert_eq!(bounds(&[5, 5, 5], 20), [(0, 2), (2, 3)]);
        assert_eq!(bounds(&[50, 5], 10), [(0, 1), (1, 2)]);
        assert_eq!(bounds(&[], 10), [(0, 0)]);
    }
}
