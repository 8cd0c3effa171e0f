//! Many files rekeyed together, for both names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use nixseal_age::keyring::Keyring;
use nixseal_base::diag::Diagnostic;
use nixseal_repository::lock::Lock;
use nixseal_repository::rekey::{
    FailureReason, FileFailure, Item, RekeyError, apply, plan, sweep_leftovers,
};
use nixseal_repository::{FileState, Repository, Secret};

use crate::commands::Session;
use crate::failure::{Exit, Failure};

/// Looks at every file before anything is unlocked.
///
/// # Errors
/// All rules that cannot be used, not only the first.
pub(in crate::personalities) fn prepare<'a>(
    session: &Session<'_>,
    repository: &'a Repository,
    secrets: Vec<(&'a Secret, PathBuf)>,
) -> Result<Vec<Item<'a>>, Failure> {
    let mut paths = BTreeSet::new();
    for (secret, path) in &secrets {
        if !paths.insert(path) {
            session.context.ui.warn(format!(
                "more than one rule is for '{}'; that of '{}' is one",
                path.display(),
                secret.name
            ));
        }
    }
    plan(repository, secrets).map_err(|diagnostics| Failure {
        exit: Exit::Failed,
        diagnostics,
    })
}

/// Whether there is something to rekey.
pub(in crate::personalities) fn is_there(item: &Item<'_>) -> bool {
    !matches!(item.state, FileState::Missing)
}

/// Encrypts every file that is there anew, whether its recipients changed or
/// not, and replaces all or none. `words` are those of a tool for a reason.
///
/// # Errors
/// A finding for every file that cannot be opened, or why nothing was written.
pub(in crate::personalities) fn execute(
    items: &[Item<'_>],
    keyring: &Keyring,
    lock: Option<&mut Lock>,
    words: impl Fn(&FailureReason) -> Option<&'static str>,
) -> Result<(), Failure> {
    let work = one_a_file(items);
    sweep_leftovers(work.iter().copied());
    apply(&work, keyring, lock, &|| {}).map_err(|error| {
        let failure = match error {
            RekeyError::Files(failures) => {
                let finding = |failure: &FileFailure| {
                    let words = words(&failure.reason).map(|words| format!("{words}: "));
                    let path = failure.path.display();
                    let reason = &failure.reason;
                    let words = words.unwrap_or_default();
                    Diagnostic::error(format!("{words}cannot rekey '{path}': {reason}"))
                };
                let diagnostics = failures.iter().map(finding).collect();
                Failure {
                    exit: Exit::Failed,
                    diagnostics,
                }
            }
            other => other.into(),
        };
        failure.hint("nothing was changed")
    })
}

/// The files to write, each once: a later rule for the same file wins, as it
/// does when one is rekeyed after the other.
fn one_a_file<'i, 'a>(items: &'i [Item<'a>]) -> Vec<&'i Item<'a>> {
    let mut paths = BTreeSet::new();
    let mut work: Vec<&Item<'_>> = items.iter().filter(|item| is_there(item)).collect();
    work.reverse();
    work.retain(|item| paths.insert(&item.path));
    work.reverse();
    work
}
