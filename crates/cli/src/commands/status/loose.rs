//! Rules without a file, files without a rule, secrets that no configuration names.

use std::path::PathBuf;

use nixseal_repository::loose::Loose;
use serde_json::{Value, json};

use super::shown;
use crate::commands::Session;
use crate::ui::Style;
use crate::ui::table::{self, Cell};

/// What each kind means.
pub(super) const MISSING: &str = "ruled, but there is no file";
pub(super) const ORPHANED: &str = "no rule is for it";

/// What it means that no configuration names a file.
pub(super) fn undeclared(searched: usize) -> String {
    let files = if searched == 1 { "file" } else { "files" };
    format!("its name stands in none of {searched} .nix {files}")
}

pub(super) fn print(session: &Session<'_>, found: &Loose) {
    let undeclared = undeclared(found.searched);
    let kinds = [
        (&found.missing, "missing", MISSING, Style::Odd),
        (&found.orphaned, "orphan", ORPHANED, Style::Bad),
        (&found.undeclared, "unused", undeclared.as_str(), Style::Dim),
    ];
    let mut lines = Vec::new();
    for (paths, word, meaning, style) in kinds {
        for path in paths {
            lines.push(vec![
                Cell::plain(shown(session, path)),
                Cell::styled(style, word),
                Cell::plain(meaning),
            ]);
        }
    }
    if lines.is_empty() {
        session.context.ui.say("no secret is unused or missing");
        return;
    }
    table::print(&session.context.ui, &["FILE", "WHAT", "WHY"], &lines);
}

pub(super) fn json(session: &Session<'_>, found: &Loose) -> Value {
    let list = |paths: &[PathBuf]| -> Vec<Value> {
        let one = |path: &PathBuf| json!({ "name": shown(session, path), "path": path.display().to_string() });
        paths.iter().map(one).collect()
    };
    json!({
        "missing": list(&found.missing),
        "orphaned": list(&found.orphaned),
        "undeclared": list(&found.undeclared),
        "searched": found.searched,
    })
}
