//! Which files are looked at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nixseal_git::Git;
use nixseal_git::files::{listed, walked};
use nixseal_lint::run::File;
use nixseal_repository::locate::normalize;

use super::output::Form;
use crate::commands::Session;
use crate::failure::Failure;

/// Files as they were named, and all of the folders that were. In a work tree of git, a folder
/// stands for what git tracks or would add; elsewhere for every file in it.
pub(in crate::commands) fn files(
    session: &Session<'_>,
    paths: &[PathBuf],
    form: Form,
) -> Result<Vec<File>, Failure> {
    let current = &session.current;
    // Code scanning wants paths from the top.
    let top = match form {
        Form::Sarif => Git::new(current).top().unwrap_or_else(|_| current.clone()),
        _ => current.clone(),
    };
    let mut found = BTreeSet::new();
    let here = [PathBuf::from(".")];
    for path in if paths.is_empty() { &here[..] } else { paths } {
        let absolute = normalize(&current.join(path));
        if absolute.is_dir() {
            found.extend(in_folder(&absolute));
        } else if absolute.exists() {
            found.insert(absolute);
        } else {
            return Err(Failure::new(format!("'{}' does not exist", path.display())));
        }
    }
    let shown = |path: &Path| path.strip_prefix(&top).unwrap_or(path).to_owned();
    Ok(found
        .into_iter()
        .map(|path| File {
            shown: shown(&path),
            path,
        })
        .collect())
}

/// Plain files only: what links lead to is found where it is, and submodules have lints of their
/// own.
pub(in crate::commands) fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let mut paths = listed(folder).unwrap_or_else(|_| walked(folder));
    paths.retain(|path| path.symlink_metadata().is_ok_and(|data| data.is_file()));
    paths
}
