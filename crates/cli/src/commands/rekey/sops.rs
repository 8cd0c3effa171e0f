//! The SOPS files of a rekey.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::SystemTime;

use nixseal_base::diag::{Diagnostic, Severity};
use nixseal_base::fs::{Batch, sweep};
use nixseal_repository::sops::apply::{self, Notice, Run};
use nixseal_repository::sops::discover::Tree;
use nixseal_repository::sops::plan::{Item, Plan, plan};
use nixseal_repository::sops::{SopsError, owner_label};
use nixseal_sops::{KeyId, Moment, Selector};
use serde_json::{Value, json};

use super::report::{Report, State};
use crate::commands::Session;
use crate::commands::target::SopsKeyring;
use crate::failure::{Exit, Failure};

/// As many files with the same trouble are named.
const NAMED: usize = 5;

/// Files and rules, compared.
pub(super) struct SopsSide(Plan);

impl SopsSide {
    pub(super) fn new(_session: &Session<'_>, tree: Tree) -> Self {
        Self(plan(tree))
    }

    /// Tells of every file, and of the rules.
    pub(super) fn report(&self, session: &Session<'_>, report: &mut Report<'_>) {
        let current = &session.current;
        for item in &self.0.items {
            let state = match item.drift.is_none() {
                true => State::Fits,
                false => State::Differs(item.drift.summary(&item.rules.config.owners)),
            };
            report.add(shown(&item.path, current), state, value(item));
        }
        for path in &self.0.clear {
            let state = State::Note("not encrypted, but a rule is for it".to_owned());
            report.add(
                shown(path, current),
                state,
                plain(path, current, "not-encrypted"),
            );
        }
        for (path, error) in &self.0.bad {
            let state = State::Note(error.to_string());
            report.add(shown(path, current), state, plain(path, current, "damaged"));
        }
        let Plan {
            broken,
            odd,
            unused,
            ..
        } = &self.0;
        let findings = broken.iter().chain(odd).chain(unused);
        report.findings(findings.map(finding).collect());
    }

    /// Whether a file does not fit its rule, or cannot.
    pub(super) fn has_drifted(&self) -> bool {
        let Plan {
            items, clear, bad, ..
        } = &self.0;
        !clear.is_empty() || !bad.is_empty() || items.iter().any(|item| !item.drift.is_none())
    }

    /// Reports what is wrong or odd in the rules; odd is wrong in a check. Gives whether anything
    /// is.
    pub(super) fn check(&self, session: &Session<'_>) -> bool {
        let Plan {
            broken,
            odd,
            unused,
            ..
        } = &self.0;
        for one in broken.iter().chain(odd) {
            let error = Diagnostic {
                severity: Severity::Error,
                ..one.clone()
            };
            session.context.ui.report(&error);
        }
        // A rule may well wait for its first file.
        unused.iter().for_each(|one| session.context.ui.report(one));
        !broken.is_empty() || !odd.is_empty()
    }

    /// Reports what is odd in the rules.
    pub(super) fn warn(&self, session: &Session<'_>) {
        let odd = &self.0.odd;
        odd.iter().for_each(|one| session.context.ui.report(one));
    }

    /// What stops a batch before it begins.
    pub(super) fn refused(&self) -> Vec<Diagnostic> {
        let bad = self.0.bad.iter();
        let bad = bad.map(|(_, error)| Diagnostic::error(error.to_string()));
        self.0.broken.iter().cloned().chain(bad).collect()
    }

    /// How many files will be written.
    pub(super) fn count(&self, anew: bool) -> usize {
        let items = self.0.items.iter();
        items.filter(|item| anew || !item.drift.is_none()).count()
    }

    /// Puts new files into `batch`.
    pub(super) fn stage(
        self,
        session: &Session<'_>,
        keyring: &SopsKeyring,
        anew: bool,
        batch: &Batch,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), Failure> {
        let items: Vec<Item> = self.0.items.into_iter().collect();
        let folders: BTreeSet<&Path> = items.iter().filter_map(|item| item.path.parent()).collect();
        for folder in folders {
            // What cannot be removed is left for the next run.
            let _ = sweep(folder);
        }
        let work: Vec<Item> = items
            .into_iter()
            .filter(|item| anew || !item.drift.is_none())
            .collect();
        with_run(session, keyring, batch, done, |run| {
            apply::to_rules(work, anew, run)
        })
    }
}

/// Runs `work` with all keys, and tells what it has to say of files.
pub(in crate::commands) fn with_run(
    session: &Session<'_>,
    keyring: &SopsKeyring,
    batch: &Batch,
    done: &(dyn Fn() + Sync),
    work: impl FnOnce(&Run<'_>) -> Result<Vec<Notice>, Vec<SopsError>>,
) -> Result<(), Failure> {
    let run = Run {
        keys: &keyring.keys(),
        now: &Moment::of(SystemTime::now()),
        batch,
        done,
    };
    for Notice { path, message } in work(&run).map_err(failure)? {
        let path = shown(&path, &session.current);
        session.context.ui.warn(format!("'{path}': {message}"));
    }
    Ok(())
}

/// What is the same for many files is told once.
fn failure(errors: Vec<SopsError>) -> Failure {
    let mut diagnostics: Vec<(Diagnostic, Vec<String>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for error in errors {
        let reason = match &error {
            SopsError::File { path, source, .. } => {
                Some((path.display().to_string(), source.to_string()))
            }
            _ => None,
        };
        match reason {
            Some((path, reason)) => match known.get(&reason) {
                Some(&index) => {
                    if let Some((_, others)) = diagnostics.get_mut(index) {
                        others.push(path);
                    }
                }
                None => {
                    known.insert(reason, diagnostics.len());
                    diagnostics.push((error.diagnostic(), Vec::new()));
                }
            },
            None => diagnostics.push((error.diagnostic(), Vec::new())),
        }
    }
    let merged = diagnostics.into_iter().map(|(one, others)| {
        if others.is_empty() {
            return one;
        }
        let mut names = others.iter().take(NAMED).cloned().collect::<Vec<_>>();
        if others.len() > NAMED {
            names.push("…".to_owned());
        }
        let text = format!("{}\nthe same for {}", one.message, count(others.len()));
        Diagnostic {
            message: format!("{text}: {}", names.join(", ")),
            ..one
        }
    });
    Failure {
        exit: Exit::Failed,
        diagnostics: merged.collect(),
    }
}

fn count(others: usize) -> String {
    match others {
        1 => "1 more file".to_owned(),
        others => format!("{others} more files"),
    }
}

fn shown(path: &Path, current: &Path) -> String {
    path.strip_prefix(current)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn value(item: &Item) -> Value {
    let drift = &item.drift;
    let owners = &item.rules.config.owners;
    let labels =
        |ids: &[KeyId]| -> Vec<String> { ids.iter().map(|id| owner_label(owners, id)).collect() };
    let folder = item.rules.path.parent().unwrap_or(&item.path);
    let mut value = json!({
        "name": shown(&item.path, folder),
        "path": item.path.display().to_string(),
        "kind": "sops",
        "format": item.file.format().name(),
        "state": if drift.is_none() { "current" } else { "drifted" },
        "added": labels(&drift.added),
        "removed": labels(&drift.removed),
    });
    if let Some(object) = value.as_object_mut() {
        if drift.regrouped {
            object.insert("regrouped".to_owned(), json!(true));
        }
        if let Some((from, to)) = drift.threshold {
            object.insert("threshold".to_owned(), json!({ "from": from, "to": to }));
        }
        if let Some((from, to)) = &drift.selector {
            let change = json!({ "from": selector(from), "to": selector(to) });
            object.insert("selector".to_owned(), change);
        }
        if let Some(wanted) = drift.mac_only_encrypted {
            let change = json!({ "from": !wanted, "to": wanted });
            object.insert("mac_only_encrypted".to_owned(), change);
        }
    }
    value
}

fn selector(selector: &Selector) -> Value {
    match selector.field() {
        None => Value::Null,
        Some((kind, text)) => json!({ kind.field(): text }),
    }
}

fn plain(path: &Path, current: &Path, state: &str) -> Value {
    let (name, path) = (shown(path, current), path.display().to_string());
    json!({ "name": name, "path": path, "kind": "sops", "state": state, "added": [], "removed": [] })
}

fn finding(one: &Diagnostic) -> Value {
    let severity = match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut value = json!({ "severity": severity, "message": one.message });
    if let (Some((source, _)), Some(at), Some(object)) =
        (&one.place, one.position(), value.as_object_mut())
    {
        object.insert("file".to_owned(), json!(source.path.display().to_string()));
        object.insert("line".to_owned(), json!(at.line));
        object.insert("column".to_owned(), json!(at.column));
    }
    value
}
