//! The rows of SOPS files.

use std::path::Path;

use nixseal_base::diag::Diagnostic;
use nixseal_repository::sops::discover::Tree;
use nixseal_repository::sops::plan::{Plan, plan};
use nixseal_repository::sops::{SopsDrift, SopsFile, SopsKeys, owner_label};
use nixseal_sops::key_groups::Owners;
use nixseal_sops::master_key::Cost;
use serde_json::{Value, json};

use super::collect::Collected;
use super::shown;
use crate::args::Status;
use crate::commands::Session;
use crate::commands::target::SopsContext;
use crate::failure::Failure;
use crate::ui::Style;
use crate::ui::table::Cell;

/// SOPS files whose status is asked for.
#[derive(Default)]
pub(super) struct Side {
    named: Vec<(SopsFile, SopsContext)>,
    plan: Plan,
}

/// What is told of them.
#[derive(Default)]
pub(super) struct SopsRows {
    pub(super) lines: Vec<Vec<Cell>>,
    pub(super) values: Vec<Value>,
    pub(super) findings: Vec<Diagnostic>,
    /// Whether rules or files cannot be used.
    pub(super) has_failed: bool,
}

impl Side {
    /// All files of a tree that rules are for.
    pub(super) fn of_tree(tree: Option<Tree>) -> Self {
        Self {
            plan: tree.map(plan).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// A file that was named.
    pub(super) fn add(&mut self, file: SopsFile, around: SopsContext) {
        self.named.push((file, around));
    }

    /// Gives all files to the views.
    pub(super) fn collect(&self, collected: &mut Collected) {
        collected.sops(&self.plan);
    }

    pub(super) fn rows(
        &self,
        session: &Session<'_>,
        arguments: &Status,
    ) -> Result<SopsRows, Failure> {
        let keyring = session.sops_keyring(&arguments.identities)?;
        let keys = keyring.keys();
        let mut rows = SopsRows::default();
        for item in &self.plan.items {
            let owners = &item.rules.config.owners;
            rows.add(
                session,
                Row::of(&item.file, Some(&item.drift), owners, &keys),
            );
        }
        for (file, around) in &self.named {
            let has_rule = around.rule().is_some();
            let drift = around
                .drift(file.metadata(), file.format())
                .unwrap_or_default();
            let drift = has_rule.then_some(&drift);
            rows.add(session, Row::of(file, drift, &around.owners(), &keys));
        }
        for path in &self.plan.clear {
            rows.odd(session, path, "not encrypted", Value::Null);
        }
        for (path, error) in &self.plan.bad {
            rows.odd(session, path, "damaged", json!(error.to_string()));
            rows.findings.push(Diagnostic::error(error.to_string()));
        }
        rows.findings.extend(self.plan.broken.iter().cloned());
        rows.has_failed = !rows.findings.is_empty();
        Ok(rows)
    }
}

/// What is told of one file.
struct Row<'a> {
    file: &'a SopsFile,
    state: &'static str,
    difference: Option<String>,
    open: &'static str,
    recipients: Vec<String>,
    drift: Option<&'a SopsDrift>,
    added: Vec<String>,
    removed: Vec<String>,
}

impl<'a> Row<'a> {
    fn of(
        file: &'a SopsFile,
        drift: Option<&'a SopsDrift>,
        owners: &Owners,
        keys: &SopsKeys<'_>,
    ) -> Self {
        let metadata = file.metadata();
        let label = |id| owner_label(owners, id);
        let recipients = metadata.keys().map(|(_, key)| label(&key.id));
        let (added, removed) = match drift {
            Some(drift) => (drift.added.iter(), drift.removed.iter()),
            None => Default::default(),
        };
        Self {
            file,
            state: match drift {
                None => "no rule",
                Some(drift) if drift.is_none() => "up to date",
                Some(_) => "drifted",
            },
            difference: drift
                .filter(|drift| !drift.is_none())
                .map(|drift| drift.summary(owners)),
            open: match keys.cost(metadata) {
                Cost::AtHand => "yes",
                Cost::Hopeless => "no",
                Cost::Program | Cost::Question | Cost::Network => "maybe",
            },
            recipients: recipients.collect(),
            drift,
            added: added.map(label).collect(),
            removed: removed.map(label).collect(),
        }
    }

    /// Groups, where there are several, are told apart by their numbers.
    fn people(&self) -> String {
        let metadata = self.file.metadata();
        let several = metadata.groups.len() > 1;
        let keys = metadata.keys().zip(&self.recipients);
        let people = keys.map(|((group, _), name)| match several {
            true => format!("{}:{name}", group + 1),
            false => name.clone(),
        });
        people.collect::<Vec<_>>().join(" ")
    }

    fn value(&self, name: &str) -> Value {
        let keys = self.file.metadata().keys().zip(&self.recipients);
        let recipients: Vec<Value> = keys
            .map(|((group, key), name)| {
                json!({
                    "name": name,
                    "key": key.id.to_string(),
                    "kind": key.id.kind().name(),
                    "group": group + 1,
                })
            })
            .collect();
        let different = self.drift.is_some_and(|drift| !drift.is_none());
        json!({
            "name": name,
            "path": self.file.path.display().to_string(),
            "kind": "sops",
            "format": self.file.format().name(),
            "state": self.state.replace(' ', "-"),
            "openable": self.open,
            "recipients": recipients,
            "threshold": self.file.metadata().shamir_threshold,
            "added": self.added,
            "removed": self.removed,
            "difference": self.difference.as_ref().filter(|_| different),
        })
    }
}

impl SopsRows {
    fn add(&mut self, session: &Session<'_>, row: Row<'_>) {
        let name = shown(session, &row.file.path);
        self.values.push(row.value(&name));
        let state = match &row.difference {
            Some(difference) => format!("{} ({difference})", row.state),
            None => row.state.to_owned(),
        };
        let style = match row.state {
            "up to date" => Style::Good,
            _ => Style::Odd,
        };
        self.lines.push(vec![
            Cell::plain(name),
            Cell::styled(style, state),
            Cell::plain(row.open),
            Cell::plain(row.people()),
        ]);
    }

    /// A file without recipients.
    fn odd(&mut self, session: &Session<'_>, path: &Path, state: &str, error: Value) {
        let name = shown(session, path);
        self.values.push(json!({
            "name": name,
            "path": path.display().to_string(),
            "kind": "sops",
            "state": state.replace(' ', "-"),
            "error": error,
        }));
        self.lines.push(vec![
            Cell::plain(name),
            Cell::styled(Style::Bad, state),
            Cell::plain("-"),
            Cell::plain(""),
        ]);
    }
}
