//! The `.age` files of a rekey.

use std::path::{Path, PathBuf};

use nixseal_age::keyring::Keyring;
use nixseal_base::diag::Diagnostic;
use nixseal_base::fs::Batch;
use nixseal_repository::drift::Drift;
use nixseal_repository::lock::Lock;
use nixseal_repository::rekey::{Item, plan, stage, stage_lock, sweep_leftovers};
use nixseal_repository::{FileState, Repository, Secret};
use serde_json::{Value, json};

use super::report::{Report, State};
use crate::commands::Session;
use crate::commands::edit::if_in_clear;
use crate::failure::{Exit, Failure};

/// Files, rules and the lock.
pub(super) struct AgeSide<'r> {
    repository: &'r Repository,
    items: Vec<Item<'r>>,
    lock: Lock,
}

impl<'r> AgeSide<'r> {
    /// Compares `files`, or all when none is named.
    pub(super) fn new(
        session: &Session<'_>,
        repository: &'r Repository,
        files: &[PathBuf],
    ) -> Result<Self, Failure> {
        let secrets = chosen(session, repository, files)?;
        let items = plan(repository, secrets).map_err(|diagnostics| Failure {
            exit: Exit::Failed,
            diagnostics,
        })?;
        Ok(Self {
            repository,
            items,
            lock: repository.lock.clone(),
        })
    }

    /// Tells of every file.
    pub(super) fn report(&self, session: &Session<'_>, report: &mut Report<'_>) {
        for item in &self.items {
            report.add(name(item, &session.current), state(item), value(item));
        }
    }

    /// Whether a file does not fit its rule, or cannot.
    pub(super) fn has_drifted(&self) -> bool {
        self.items
            .iter()
            .any(|item| item.has_drifted() || is_bad(item))
    }

    /// Files that are not what they should be stop a batch before it begins.
    pub(super) fn refused(&self) -> Vec<Diagnostic> {
        let reason = |item: &Item<'_>| match &item.state {
            FileState::NotAge(error) => Some(error.to_string()),
            FileState::Unreadable(error) => Some(error.to_string()),
            _ => None,
        };
        let refused = self.items.iter().filter_map(|item| {
            let (reason, path) = (reason(item)?, item.path.display());
            let error = Diagnostic::error(format!("cannot rekey '{path}': {reason}"));
            Some(match item.state {
                FileState::NotAge(_) => error.hint(if_in_clear(&item.path)),
                _ => error,
            })
        });
        refused.collect()
    }

    /// Files to encrypt anew.
    pub(super) fn work(&self, anew: bool) -> Vec<&Item<'r>> {
        self.items
            .iter()
            .filter(|item| item.has_drifted() || anew && is_encrypted(item))
            .collect()
    }

    /// Puts new files and the lock into `batch`. Files that are in line already are recorded too,
    /// so that the next run need not open anything; with `whole`, files that left the rules leave
    /// the lock.
    pub(super) fn stage(
        mut self,
        keyring: Option<&Keyring>,
        anew: bool,
        whole: bool,
        batch: &Batch,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), Failure> {
        sweep_leftovers(self.items.iter());
        let mut lock = std::mem::replace(&mut self.lock, Lock::empty(&self.repository.rules));
        for item in &self.items {
            if let FileState::Encrypted(file) = &item.state
                && item.drift == Drift::None
            {
                lock.record(&item.secret.name, file.lock_entry(item.readers));
            }
        }
        if whole {
            lock.retain(|name| self.repository.by_name(name).is_some());
        }
        match keyring {
            Some(keyring) => stage(&self.work(anew), keyring, Some(&mut lock), batch, done)?,
            None => stage_lock(&lock, batch)?,
        }
        Ok(())
    }
}

/// The secrets that were named, or all.
pub(in crate::commands) fn chosen<'r>(
    session: &Session<'_>,
    repository: &'r Repository,
    files: &[PathBuf],
) -> Result<Vec<(&'r Secret, PathBuf)>, Failure> {
    if files.is_empty() {
        return Ok(repository
            .secrets
            .iter()
            .map(|secret| (secret, secret.path.clone()))
            .collect());
    }
    files
        .iter()
        .map(|file| {
            session
                .resolve(repository, file)
                .map(|found| (found.secret, found.path))
        })
        .collect()
}

fn is_encrypted(item: &Item<'_>) -> bool {
    matches!(item.state, FileState::Encrypted(_))
}

fn is_bad(item: &Item<'_>) -> bool {
    matches!(item.state, FileState::NotAge(_) | FileState::Unreadable(_))
}

fn name(item: &Item<'_>, current: &Path) -> String {
    let path = item.path.strip_prefix(current).unwrap_or(&item.path);
    path.display().to_string()
}

fn state(item: &Item<'_>) -> State {
    match (&item.state, &item.drift) {
        (FileState::Missing, _) => State::Note("not there yet".to_owned()),
        (FileState::NotAge(error), _) => State::Note(error.to_string()),
        (FileState::Unreadable(error), _) => State::Note(error.to_string()),
        (FileState::Encrypted(_), Drift::None) => State::Fits,
        (FileState::Encrypted(_), drift) => State::Differs(drift.summary()),
    }
}

fn value(item: &Item<'_>) -> Value {
    let state = match (&item.state, &item.drift) {
        (FileState::Missing, _) => "missing",
        (FileState::NotAge(_), _) => "not-age",
        (FileState::Unreadable(_), _) => "unreadable",
        (FileState::Encrypted(_), Drift::None) => "current",
        (FileState::Encrypted(_), Drift::Unknown) => "unknown",
        (FileState::Encrypted(_), Drift::Changed { .. }) => "drifted",
    };
    let (added, removed) = match &item.drift {
        Drift::Changed { added, removed } => (added.as_slice(), removed.as_slice()),
        _ => Default::default(),
    };
    json!({
        "name": item.secret.name,
        "path": item.path.display().to_string(),
        "state": state,
        "added": added,
        "removed": removed,
    })
}
