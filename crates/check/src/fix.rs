//! What can be mended without a key and without losing anything: the lock, modes, .gitignore.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nixseal_base::fs::{Batch, Creation, FsError, read_text};
use nixseal_lint::run::File;
use nixseal_lint::{Finding, rule as lint_rule};
use nixseal_repository::drift::Drift;
use nixseal_repository::rekey::{Item, plan, stage_lock};
use nixseal_repository::{FileState, Repository, Secret};

use crate::rule;

/// Largest .gitignore that is read.
const LARGEST: usize = 4 << 20;

/// Brings locks in line with what is certain: files that fit their rules are recorded, entries
/// without a rule are forgotten. Gives what was done.
///
/// # Errors
/// When a lock cannot be written; nothing is changed then.
pub fn locks(repositories: &[Repository]) -> Result<Vec<String>, FsError> {
    let batch = Batch::new();
    let mut done = Vec::new();
    for repository in repositories {
        let usable: Vec<(&Secret, PathBuf)> = repository
            .secrets
            .iter()
            .filter(|secret| secret.readers.is_ok())
            .map(|secret| (secret, secret.path.clone()))
            .collect();
        let items: Vec<Item<'_>> = plan(repository, usable).unwrap_or_default();
        let mut lock = repository.lock.clone();
        for item in &items {
            if let FileState::Encrypted(file) = &item.state
                && item.drift == Drift::None
            {
                lock.record(&item.secret.name, file.lock_entry(item.readers));
            }
        }
        lock.retain(|name| repository.by_name(name).is_some());
        if lock.changed_text().is_some() {
            stage_lock(&lock, &batch)?;
            done.push(format!("brought '{}' up to date", lock.path().display()));
        }
    }
    batch.commit()?;
    Ok(done)
}

/// Takes rights away: of everybody to write files of secrets, of others to read private keys.
/// Gives what was done.
///
/// # Errors
/// When a mode cannot be changed.
pub fn modes(found: &[Finding], files: &[File]) -> Result<Vec<String>, std::io::Error> {
    let mut done = Vec::new();
    for finding in found {
        let taken = match finding.rule.id {
            id if id == rule::WORLD_WRITABLE.id => 0o002,
            id if id == lint_rule::PRIVATE_KEY_FILE.id => 0o077,
            _ => continue,
        };
        let Some(file) = files.iter().find(|file| file.shown == finding.path) else {
            continue;
        };
        let mut permissions = file.path.symlink_metadata()?.permissions();
        let mode = permissions.mode() & 0o7777;
        if mode & taken != 0 {
            permissions.set_mode(mode & !taken);
            std::fs::set_permissions(&file.path, permissions)?;
            done.push(format!(
                "changed the mode of '{}' from {mode:04o} to {:04o}",
                file.shown.display(),
                mode & !taken
            ));
        }
    }
    Ok(done)
}

/// Lists plaintext beside its ciphertext, and private keys, in `.gitignore` of `top`, where git does
/// not have them yet (`untracked`). Gives what was done.
///
/// # Errors
/// When the file cannot be read or written.
pub fn ignores(
    top: &Path,
    found: &[Finding],
    files: &[File],
    untracked: &BTreeSet<PathBuf>,
) -> Result<Vec<String>, FsError> {
    let clear = [
        lint_rule::PLAINTEXT_BESIDE.id,
        lint_rule::PRIVATE_KEY_FILE.id,
    ];
    let named = found
        .iter()
        .filter(|finding| clear.contains(&finding.rule.id));
    let paths = named.filter_map(|finding| files.iter().find(|file| file.shown == finding.path));
    let lines: BTreeSet<String> = paths
        .filter(|file| untracked.contains(&file.path))
        .filter_map(|file| line(file.path.strip_prefix(top).ok()?))
        .collect();
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let path = top.join(".gitignore");
    let mut text = match read_text(&path, LARGEST) {
        Ok(text) => text,
        Err(error) if error.is_not_found() => String::new(),
        Err(error) => return Err(error),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let mut done = Vec::new();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
        done.push(format!("added '{line}' to .gitignore"));
    }
    let batch = Batch::new();
    batch.stage(&path, text.as_bytes(), Creation::PUBLIC)?;
    batch.commit()?;
    Ok(done)
}

/// A path as a line of .gitignore; none where it cannot be one.
fn line(path: &Path) -> Option<String> {
    let path = path.to_str()?;
    if path.contains(['\n', '\r']) {
        return None;
    }
    let mut line = String::from("/");
    for character in path.chars() {
        if matches!(character, '\\' | '*' | '?' | '[') {
            line.push('\\');
        }
        line.push(character);
    }
    if line.ends_with(' ') {
        line.insert(line.len() - 1, '\\');
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_gitignore_mean_one_path() {
        assert_eq!(line(Path::new("a/b c")).as_deref(), Some("/a/b c"));
        assert_eq!(
            line(Path::new("a*[x]? ")).as_deref(),
            Some("/a\\*\\[x]\\?\\ ")
        );
        assert_eq!(line(Path::new("a\nb")), None);
    }
}
