//! `nixseal status`: who can read what, can I, and does it fit its rule.

mod ages;
mod collect;
mod loose;
mod matrix;
mod overview;
mod page;
mod recipient;
mod sops;

use std::path::{Path, PathBuf};

use nixseal_age::keyring::{CanOpen, Keyring};
use nixseal_base::diag::Diagnostic;
use nixseal_repository::drift::Drift;
use nixseal_repository::rekey::{Item, plan};
use nixseal_repository::{FileState, Repository};
use serde_json::{Value, json};

use self::collect::Collected;
use self::overview::Overview;
use self::sops::Side;
use super::Session;
use super::rekey::{self, chosen};
use super::target::Target;
use crate::args::Status;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::Style;
use crate::ui::table::{self, Cell};

/// Shows one row a secret, or the views that are asked for; asks for nothing and changes nothing.
pub(crate) fn run(context: &Context, arguments: &Status) -> Outcome {
    let session = Session::new(context)?;
    let scope = Scope::of(&session, arguments)?;
    let mut collected = Collected::default();
    let rows = match &scope.repository {
        Some(repository) => {
            let files = &scope.age_files;
            age(&session, arguments, repository, files, &mut collected)?
        }
        None => Rows::default(),
    };
    let sops = scope.sops.rows(&session, arguments)?;
    let failed = !rows.unusable.is_empty() || sops.has_failed;
    let values = [rows.values, sops.values].concat();
    if arguments.has_views() {
        scope.sops.collect(&mut collected);
        let repository = scope.repository.as_ref();
        let overview = Overview::gather(&session, arguments, collected, repository)?;
        overview.show(&session, arguments, repository, &values)?;
    } else if arguments.json {
        let all = json!({ "rules": rules(scope.repository.as_ref()), "files": values });
        context.ui.line(format!("{all:#}"));
    } else {
        let lines: Vec<Vec<Cell>> = rows.lines.into_iter().chain(sops.lines).collect();
        let header = ["FILE", "STATE", "CAN I OPEN IT", "RECIPIENTS"];
        table::print(&context.ui, &header, &lines);
    }
    for diagnostic in rows.unusable.iter().chain(&sops.findings) {
        context.ui.report(diagnostic);
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn rules(repository: Option<&Repository>) -> Option<String> {
    repository.map(|one| one.rules.display().to_string())
}

/// A path as the user sees it from where he stands.
fn shown(session: &Session<'_>, path: &Path) -> String {
    let shown = path.strip_prefix(&session.current).unwrap_or(path);
    shown.display().to_string()
}

/// Whose status is asked for.
struct Scope {
    repository: Option<Repository>,
    age_files: Vec<PathBuf>,
    sops: Side,
}

impl Scope {
    fn of(session: &Session<'_>, arguments: &Status) -> Result<Self, Failure> {
        // A view of the whole is narrowed afterwards.
        if arguments.files.is_empty() || arguments.has_views() {
            let all = rekey::scope::Scope::everything(session, &arguments.rules)?;
            return Ok(Self {
                repository: all.repository(session)?,
                age_files: Vec::new(),
                sops: Side::of_tree(all.tree),
            });
        }
        let (mut age_files, mut sops) = (Vec::new(), Side::default());
        for file in &arguments.files {
            match session.target(&arguments.rules, file, None)? {
                Target::Age => age_files.push(file.clone()),
                Target::Sops(file, around) => sops.add(*file, around),
                Target::NewSops(..) => {
                    let file = file.display();
                    return Err(Failure::new(format!("'{file}' does not exist")));
                }
            }
        }
        let first = age_files.first().map(PathBuf::as_path);
        let repository = first.map(|_| session.repository(&arguments.rules, first));
        Ok(Self {
            repository: repository.transpose()?,
            age_files,
            sops,
        })
    }
}

/// Rows of files of one kind, for people and for programs.
#[derive(Default)]
struct Rows {
    lines: Vec<Vec<Cell>>,
    values: Vec<Value>,
    unusable: Vec<Diagnostic>,
}

fn age(
    session: &Session<'_>,
    arguments: &Status,
    repository: &Repository,
    files: &[PathBuf],
    collected: &mut Collected,
) -> Result<Rows, Failure> {
    let chosen = chosen(session, repository, files)?;
    // A rule that cannot be used gets a row of its own and spoils no other.
    let (usable, unusable): (Vec<_>, Vec<_>) = chosen
        .into_iter()
        .partition(|(secret, _)| secret.readers.is_ok());
    let items = plan(repository, usable).map_err(|diagnostics| Failure {
        exit: Exit::Failed,
        diagnostics,
    })?;
    collected.age(repository, &items, &unusable);
    let keyring = session.keyring(&arguments.identities, Some(repository))?;
    let rows: Vec<Row> = items.iter().map(|item| Row::of(item, &keyring)).collect();
    let good = items.iter().zip(&rows).map(|(item, row)| row.value(item));
    let broken = unusable.iter().map(|(secret, path)| {
        let error = secret.readers.as_ref().err().map(ToString::to_string);
        json!({
            "name": secret.name, "path": path, "kind": "age", "state": "bad-rule", "error": error
        })
    });
    Ok(Rows {
        lines: lines(session, &items, &rows),
        values: good.chain(broken).collect(),
        unusable: unusable
            .iter()
            .filter_map(|(secret, _)| secret.readers.clone().err())
            .collect(),
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
            "kind": "age",
            "state": self.state.replace(' ', "-"),
            "openable": self.open,
            "recipients": recipients,
            "added": added,
            "removed": removed,
        })
    }
}

fn lines(session: &Session<'_>, items: &[Item<'_>], rows: &[Row]) -> Vec<Vec<Cell>> {
    items
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
        .collect()
}
