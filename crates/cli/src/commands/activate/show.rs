//! What a run did, for people.

use nixseal_activate::{Entry, Finding, Report, Status, TreeReport};
use nixseal_base::diag::Diagnostic;
use serde_json::{Value, json};

use crate::ui::table::{self, Cell};
use crate::ui::{Style, Ui};

/// Tells what failed, each with its reason and what became of it.
pub(super) fn failures(ui: &Ui, report: &Report) {
    for tree in &report.trees {
        for entry in tree.failures() {
            ui.report(&failure(entry, report.dry));
        }
    }
    for problem in &report.problems {
        ui.report(&Diagnostic::error(problem));
    }
}

fn failure(entry: &Entry, dry: bool) -> Diagnostic {
    let reason = entry.reason.as_deref().unwrap_or_default();
    let key = match &entry.key {
        Some(key) => format!(" (key '{key}')"),
        None => String::new(),
    };
    let message = format!("{}{key}: {reason}", entry.label());
    let finding = match entry.optional {
        true => Diagnostic::warning(message),
        false => Diagnostic::error(message),
    };
    match (entry.status, dry) {
        (Status::Kept, false) => finding.hint("it keeps its previous value"),
        (Status::Kept, true) => finding.hint("it would keep its previous value"),
        (Status::Missing, false) => finding.hint("it is not installed"),
        (Status::Missing, true) => finding.hint("it would not be installed"),
        _ => finding,
    }
}

/// A table of everything that the last run of each tree left.
pub(super) fn trees(ui: &Ui, trees: &[(String, Option<TreeReport>)]) {
    for (name, tree) in trees {
        match tree {
            None => ui.say(format!(
                "tree '{name}': never installed since this machine started"
            )),
            Some(tree) => one_tree(ui, tree),
        }
    }
}

fn one_tree(ui: &Ui, tree: &TreeReport) {
    let generation = match tree.generation {
        Some(number) => format!("generation {number}"),
        None => "nothing".to_owned(),
    };
    let (name, link, time) = (&tree.name, tree.link.display(), &tree.time);
    let outcome = tree.outcome.word();
    ui.line(format!(
        "tree '{name}': {generation} at {link}, {outcome} {time}"
    ));
    let rows: Vec<Vec<Cell>> = tree.entries.iter().map(row).collect();
    if !rows.is_empty() {
        table::print(ui, &["NAME", "KIND", "STATE", "PATH", "WHY"], &rows);
    }
}

fn row(entry: &Entry) -> Vec<Cell> {
    let style = match entry.status {
        Status::Kept | Status::Missing if !entry.optional => Style::Bad,
        Status::Kept | Status::Missing => Style::Odd,
        Status::Removed => Style::Gone,
        _ => Style::Good,
    };
    let reason = entry.reason.as_deref().unwrap_or_default();
    vec![
        Cell::plain(&entry.name),
        Cell::plain(entry.kind.word()),
        Cell::styled(style, entry.status.word()),
        Cell::plain(entry.path.display().to_string()),
        Cell::plain(reason.lines().next().unwrap_or_default()),
    ]
}

/// The last run of a tree, for programs.
pub(super) fn tree_json(name: &str, tree: Option<&TreeReport>) -> Value {
    match tree {
        Some(tree) => tree.json(),
        None => json!({"tree": name, "generation": null, "outcome": null}),
    }
}

/// Findings, for programs.
pub(super) fn findings(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        json!({
            "subject": finding.subject,
            "message": finding.message,
        })
    };
    let findings: Vec<Value> = findings.iter().map(one).collect();
    json!({"version": 1, "findings": findings})
}
