//! The files of a folder that git knows, or would add.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use nixseal_repository::sops::discover::is_skipped;

use crate::command::{Git, GitError};

/// Plain files below `folder`, an absolute path, that git tracks or would add: what .gitignore
/// names is left out. Paths are absolute and sorted; files that are tracked and gone are given too.
///
/// # Errors
/// When the folder is in no work tree, or there is no git.
pub fn listed(folder: &Path) -> Result<Vec<PathBuf>, GitError> {
    let arguments = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    list(folder, &arguments)
}

/// Those that git does not track and would add.
///
/// # Errors
/// As [`listed`].
pub fn untracked(folder: &Path) -> Result<Vec<PathBuf>, GitError> {
    list(
        folder,
        &["ls-files", "-z", "--others", "--exclude-standard"],
    )
}

fn list(folder: &Path, arguments: &[&str]) -> Result<Vec<PathBuf>, GitError> {
    let output = Git::new(folder).run(arguments, b"")?;
    let names = output.expose().split(|byte| *byte == 0);
    let mut paths: Vec<PathBuf> = names
        .filter(|name| !name.is_empty())
        .map(|name| folder.join(OsString::from_vec(name.to_vec())))
        .collect();
    paths.sort_unstable();
    // A file with a conflict is listed once for each side.
    paths.dedup();
    Ok(paths)
}

/// The same where there is no git: every plain file but those in folders of tools and caches.
pub fn walked(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                Ok(kind) if kind.is_dir() && !is_skipped(&entry.path()) => {
                    pending.push(entry.path())
                }
                _ => {}
            }
        }
    }
    files.sort_unstable();
    files
}
