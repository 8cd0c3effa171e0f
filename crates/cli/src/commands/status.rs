//! `nixseal status`: who can read what, can I, and does it fit its rule.

use nixseal_age::keyring::{CanOpen, Keyring};
use nixseal_repository::FileState;
use nixseal_repository::drift::Drift;
use nixseal_repository::rekey::{Item, plan};
use serde_json::{Value, json};

use super::Session;
use super::rekey::chosen;
use crate::args::Status;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::Style;
use crate::ui::table::{self, Cell};

/// Shows one row a secret; asks for nothing and changes nothing.
pub(crate) fn run(context: &Context, arguments: &Status) -> Outcome {
    let session = Session::new(context)?;
    let first = arguments.files.first().map(std::path::PathBuf::as_path);
    let repository = session.repository(&arguments.rules, first)?;
    let chosen = chosen(&session, &repository, &arguments.files)?;
    // A rule that cannot be used gets a row of its own and spoils no other.
    let (usable, unusable): (Vec<_>, Vec<_>) = chosen
        .into_iter()
        .partition(|(secret, _)| secret.readers.is_ok());
    let items = plan(&repository, usable).map_err(|diagnostics| Failure {
        exit: Exit::Failed,
        diagnostics,
    })?;
    let keyring = session.keyring(&arguments.identities, Some(&repository))?;
    let rows: Vec<Row> = items.iter().map(|item| Row::of(item, &keyring)).collect();
    if arguments.json {
        let files: Vec<Value> = items
            .iter()
            .zip(&rows)
            .map(|(item, row)| row.value(item))
            .collect();
        let broken: Vec<Value> = unusable
            .iter()
            .map(|(secret, path)| {
                let error = secret.readers.as_ref().err().map(ToString::to_string);
                json!({ "name": secret.name, "path": path, "state": "bad-rule", "error": error })
            })
            .collect();
        let files = [files, broken].concat();
        let rules = repository.rules.display().to_string();
        context
            .ui
            .line(format!("{:#}", json!({ "rules": rules, "files": files })));
    } else {
        table(context, &session, &items, &rows);
    }
    for (secret, _) in &unusable {
        if let Err(diagnostic) = &secret.readers {
            context.ui.report(diagnostic);
        }
    }
    Ok(if unusable.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// What is told of one file.
struct Row {
    state: &'static str,
    open: &'static str,
    difference: Option<String>,
}

impl Row {
    fn of(item: &Item<'_>, keyring: &Keyring) -> Self {
        let (state, open) = match &item.state {
            FileState::Missing => ("missing", "-"),
            FileState::Unreadable(_) => ("unreadable", "-"),
            FileState::NotAge(_) => ("not encrypted", "-"),
            FileState::Encrypted(file) => {
                let state = match item.drift {
                    Drift::None => "up to date",
                    Drift::Changed { .. } => "drifted",
                    Drift::Unknown => "unknown",
                };
                let open = match keyring.can_open(&file.stanzas) {
                    CanOpen::Yes => "yes",
                    CanOpen::Maybe { .. } => "maybe",
                    CanOpen::No => "no",
                };
                (state, open)
            }
        };
        let difference = match &item.drift {
            drift @ Drift::Changed { .. } => Some(drift.summary()),
            _ => None,
        };
        Self {
            state,
            open,
            difference,
        }
    }

    fn value(&self, item: &Item<'_>) -> Value {
        let (added, removed) = match &item.drift {
            Drift::Changed { added, removed } => (added.as_slice(), removed.as_slice()),
            _ => Default::default(),
        };
        let recipients: Vec<Value> = item
            .readers
            .iter()
            .map(|reader| json!({ "name": reader.label, "key": reader.recipient.canonical() }))
            .collect();
        json!({
            "name": item.secret.name,
            "path": item.path.display().to_string(),
            "state": self.state.replace(' ', "-"),
            "openable": self.open,
            "recipients": recipients,
            "added": added,
            "removed": removed,
        })
    }
}

fn table(context: &Context, session: &Session<'_>, items: &[Item<'_>], rows: &[Row]) {
    let lines: Vec<Vec<Cell>> = items
        .iter()
        .zip(rows)
        .map(|(item, row)| {
            let path = item
                .path
                .strip_prefix(&session.current)
                .unwrap_or(&item.path);
            let labels: Vec<&str> = item.readers.iter().map(|reader| &*reader.label).collect();
            let state = match &row.difference {
                Some(difference) => format!("{} ({difference})", row.state),
                None => row.state.to_owned(),
            };
            let style = match row.state {
                "up to date" => Style::Good,
                "not encrypted" | "unreadable" => Style::Bad,
                _ => Style::Odd,
            };
            vec![
                Cell::plain(path.display().to_string()),
                Cell::styled(style, state),
                Cell::plain(row.open),
                Cell::plain(labels.join(" ")),
            ]
        })
        .collect();
    table::print(
        &context.ui,
        &["FILE", "STATE", "CAN I OPEN IT", "RECIPIENTS"],
        &lines,
    );
}
