//! `.age` files and their rules.

use std::path::PathBuf;

use nixseal_repository::drift::Drift;
use nixseal_repository::rekey::{Item, plan};
use nixseal_repository::{FileState, Repository, Secret};

use crate::finder::Finder;
use crate::rule;

/// Compares every file with its rule; gives what was read.
pub(crate) fn look<'r>(finder: &mut Finder<'_>, repository: &'r Repository) -> Vec<Item<'r>> {
    for one in repository.unusable() {
        finder.diagnostic(rule::RULES_UNUSABLE, &one);
    }
    let usable = |secret: &&Secret| secret.readers.is_ok();
    let chosen: Vec<(&Secret, PathBuf)> = repository
        .secrets
        .iter()
        .filter(usable)
        .map(|secret| (secret, secret.path.clone()))
        .collect();
    let items = match plan(repository, chosen) {
        Ok(items) => items,
        // Rules that cannot be used were left out.
        Err(more) => {
            more.iter()
                .for_each(|one| finder.diagnostic(rule::RULES_UNUSABLE, one));
            return Vec::new();
        }
    };
    let (mut unknown, mut unlocked) = (Vec::new(), 0);
    for item in &items {
        match (&item.state, &item.drift) {
            (FileState::Missing, _) => {
                let message = format!("there is a rule for '{}', and no file", item.secret.name);
                finder.file(rule::FILE_MISSING, &item.path, message);
            }
            (FileState::Unreadable(error), _) => {
                finder.file(rule::UNREADABLE_FILE, &item.path, error.to_string())
            }
            (FileState::NotAge(error), _) => {
                let message = format!("a rule says that it is a secret: {error}");
                finder.file(rule::NOT_ENCRYPTED, &item.path, message);
            }
            (FileState::Encrypted(_), drift @ Drift::Changed { .. }) => {
                let message = format!("its recipients differ from its rule: {}", drift.summary());
                finder.file(rule::DRIFT, &item.path, message);
            }
            (FileState::Encrypted(_), Drift::Unknown) => unknown.push(item.secret.name.as_str()),
            (FileState::Encrypted(file), Drift::None) => {
                let known = repository
                    .lock
                    .recipients(&item.secret.name, &file.digest)
                    .is_some();
                unlocked += usize::from(!known);
            }
        }
    }
    several(finder, repository, &unknown, unlocked);
    items
}

/// What is told once for many files.
fn several(finder: &mut Finder<'_>, repository: &Repository, unknown: &[&str], unlocked: usize) {
    if let [first, rest @ ..] = unknown {
        let more = match rest.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("whom '{first}'{more} is encrypted to is not in the lock");
        finder.file(rule::UNKNOWN_RECIPIENTS, &repository.rules, message);
    }
    if unlocked > 0 && repository.lock.exists() {
        let message = match unlocked {
            1 => "one file fits its rule and is not in the lock".to_owned(),
            many => format!("{many} files fit their rules and are not in the lock"),
        };
        finder.file(rule::NOT_IN_LOCK, repository.lock.path(), message);
    }
    if repository.lock.is_unmerged() {
        let message = "it holds the marks of a merge".to_owned();
        finder.file(rule::LOCK_UNMERGED, repository.lock.path(), message);
    }
    let stale = stale(repository);
    if let Some(first) = stale.first() {
        let more = match stale.len() {
            1 => String::new(),
            all => format!("; {all} entries in all"),
        };
        let message = format!("'{first}' has no rule any more{more}");
        finder.file(rule::LOCK_STALE, repository.lock.path(), message);
    }
}

/// Names in the lock that no rule has.
pub(crate) fn stale(repository: &Repository) -> Vec<String> {
    let mut stale = Vec::new();
    repository.lock.clone().retain(|name| {
        let known = repository.by_name(name).is_some();
        if !known {
            stale.push(name.to_owned());
        }
        true
    });
    stale
}
