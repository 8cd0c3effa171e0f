//! What changed: for people, and for units.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::content::{Content, Resolved};
use crate::events::Events;
use crate::manifest::{Kind, Layout, Tree};
use crate::plan::{Plan, Planned};

/// Names of what changed in a tree.
#[derive(Default)]
pub(crate) struct Changes {
    added: [BTreeSet<String>; 2],
    modified: [BTreeSet<String>; 2],
    removed: [BTreeSet<String>; 2],
}

/// Units to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitLists {
    pub(crate) restart: Vec<String>,
    pub(crate) reload: Vec<String>,
}

fn slot(kind: Kind) -> usize {
    match kind {
        Kind::Secret => 0,
        Kind::Template => 1,
    }
}

impl Changes {
    /// Compares a tree with the files of its previous generation.
    pub(crate) fn of(
        plan: &Plan<'_>,
        tree: usize,
        resolved: &[Resolved],
        before: &[PathBuf],
        Tree { layout, link, .. }: &Tree,
    ) -> Self {
        let mut changes = Self::default();
        let mut wanted: BTreeSet<&Path> = BTreeSet::new();
        for (index, planned) in plan.of_tree(tree) {
            if planned.template_only {
                continue;
            }
            wanted.insert(&planned.relative);
            // A link elsewhere that is in the tree itself.
            wanted.extend(planned.path.strip_prefix(link).ok());
            let Some(one) = resolved.get(index) else {
                continue;
            };
            let name = planned.item.name.clone();
            let changed = one.is_changed();
            match (&one.content, one.before) {
                (Content::Failed(_), _) => {}
                (_, None) => drop(changes.added[slot(planned.kind)].insert(name)),
                (_, Some(_)) if changed => {
                    changes.modified[slot(planned.kind)].insert(name);
                }
                _ => {}
            }
        }
        for path in before
            .iter()
            .filter(|path| !wanted.contains(path.as_path()))
        {
            let (kind, name) = match (*layout, path.strip_prefix("rendered")) {
                (Layout::SopsNix, Ok(inner)) => (Kind::Template, inner),
                _ => (Kind::Secret, path.as_path()),
            };
            changes.removed[slot(kind)].insert(name.display().to_string());
        }
        changes
    }

    /// Whether something is gone.
    pub(crate) fn removes_any(&self) -> bool {
        self.removed.iter().any(|names| !names.is_empty())
    }

    /// Names of what is gone.
    pub(crate) fn removed(&self, kind: Kind) -> impl Iterator<Item = &String> {
        self.removed[slot(kind)].iter()
    }

    /// Says it as sops-nix does.
    pub(crate) fn tell(&self, dry: bool, events: &dyn Events) {
        for (kind, noun) in [(0, "secret"), (1, "rendered secret")] {
            for (sets, wet_word, dry_word) in [
                (&self.added, "adding", "would add"),
                (&self.modified, "modifying", "would modify"),
                (&self.removed, "removing", "would remove"),
            ] {
                let names: Vec<&str> = sets[kind].iter().map(String::as_str).collect();
                if names.is_empty() {
                    continue;
                }
                let word = if dry { dry_word } else { wet_word };
                let plural = if names.len() == 1 { "" } else { "s" };
                events.out(&format!("{word} {noun}{plural}: {}", names.join(", ")));
            }
        }
    }
}

impl UnitLists {
    /// Adds the units of what changed in a tree, of those items that are wanted.
    pub(crate) fn add(
        &mut self,
        plan: &Plan<'_>,
        tree: usize,
        resolved: &[Resolved],
        wanted: impl Fn(&Planned<'_>, &Resolved) -> bool,
    ) {
        for (index, planned) in plan.of_tree(tree) {
            let Some(one) = resolved.get(index) else {
                continue;
            };
            let changed = one.is_changed();
            let is_new = one.before.is_none() && one.fault().is_none();
            if !planned.template_only && (changed || is_new) && wanted(planned, one) {
                self.restart.extend_from_slice(&planned.item.restart_units);
                self.reload.extend_from_slice(&planned.item.reload_units);
            }
        }
    }

    /// Adds those of another list.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.restart.extend_from_slice(&other.restart);
        self.reload.extend_from_slice(&other.reload);
    }

    /// Each unit once, and no reload of what is restarted.
    pub(crate) fn once(&mut self) {
        let mut seen = BTreeSet::new();
        self.restart.retain(|unit| seen.insert(unit.clone()));
        self.reload.retain(|unit| seen.insert(unit.clone()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.restart.is_empty() && self.reload.is_empty()
    }
}
