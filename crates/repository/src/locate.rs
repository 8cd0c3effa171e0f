//! Finding the rules file.
//!
//! Order: `--rules`, then `RULES`, then upwards from the file that is worked
//! on, then upwards from the current directory. In each folder `secrets.nix`
//! is tried, then `secrets/secrets.nix`, the layout of most flakes. The search
//! ends at the root of a git work tree.

use std::path::{Path, PathBuf};

use nixseal_base::env::{Environment, RULES};

/// Names tried in each folder, in order.
const NAMES: [&str; 2] = ["secrets.nix", "secrets/secrets.nix"];

/// Why there are no rules.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// Named, but not there.
    #[error("the rules file '{}' does not exist", .0.display())]
    Missing(PathBuf),
    /// Nowhere upwards.
    #[error("no rules file: neither secrets.nix nor secrets/secrets.nix in '{}' or above", .0.display())]
    NotFound(PathBuf),
}

/// Finds the rules file for `file`, or for the folder `current` as a whole.
/// `explicit` is the value of `--rules`.
///
/// # Errors
/// When a named file is not there or nothing is found.
pub fn rules_file(
    explicit: Option<&Path>,
    environment: &Environment,
    file: Option<&Path>,
    current: &Path,
) -> Result<PathBuf, LocateError> {
    if let Some(named) = explicit
        .map(Path::to_owned)
        .or_else(|| environment.path(&RULES))
    {
        let path = current.join(&named);
        let path = if path.is_dir() {
            path.join("default.nix")
        } else {
            path
        };
        return if path.is_file() {
            Ok(path)
        } else {
            Err(LocateError::Missing(named))
        };
    }
    let from_file = file.and_then(|file| {
        let file = normalize(&current.join(file));
        upwards(file.parent()?)
    });
    from_file
        .or_else(|| upwards(current))
        .ok_or_else(|| LocateError::NotFound(current.to_owned()))
}

fn upwards(start: &Path) -> Option<PathBuf> {
    for folder in start.ancestors() {
        let found = NAMES
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file());
        if found.is_some() {
            return found;
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// Removes `.` and `..` by name, without looking at the file system, so that a
/// path through a symlink stays the one the user typed.
pub fn normalize(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut kept = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !kept.pop() {
                    kept.push("..");
                }
            }
            other => kept.push(other),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(path)
                .unwrap();
        }
        folder
    }

    fn found(root: &Path, file: Option<&str>, current: &str) -> Option<String> {
        let environment = Environment::default();
        rules_file(None, &environment, file.map(Path::new), &root.join(current))
            .ok()
            .map(|path| {
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
    }

    #[test]
    fn the_nearest_above_the_file_wins() {
        let tree = tree(&["a/secrets.nix", "a/b/c/x", "secrets.nix", ".git/HEAD"]);
        let root = tree.path();
        assert_eq!(
            found(root, Some("a/b/wifi.age"), "").as_deref(),
            Some("a/secrets.nix")
        );
        assert_eq!(
            found(root, Some("wifi.age"), "").as_deref(),
            Some("secrets.nix")
        );
        assert_eq!(
            found(root, Some("../../wifi.age"), "a/b").as_deref(),
            Some("secrets.nix")
        );
        assert_eq!(found(root, None, "a/b/c").as_deref(), Some("a/secrets.nix"));
    }

    #[test]
    fn a_secrets_folder_is_looked_into() {
        let tree = tree(&["secrets/secrets.nix", "hosts/x/y", ".git/HEAD"]);
        assert_eq!(
            found(tree.path(), None, "hosts/x").as_deref(),
            Some("secrets/secrets.nix")
        );
    }

    #[test]
    fn the_search_ends_at_the_work_tree() {
        let tree = tree(&["secrets.nix", "repository/.git/HEAD"]);
        assert_eq!(found(tree.path(), None, "repository"), None);
    }

    #[test]
    fn a_named_file_must_exist() {
        let tree = tree(&["other.nix"]);
        let environment = Environment::default().with(&RULES, "other.nix");
        assert!(rules_file(None, &environment, None, tree.path()).is_ok());
        let missing = rules_file(Some(Path::new("no.nix")), &environment, None, tree.path());
        assert_eq!(
            missing.unwrap_err().to_string(),
            "the rules file 'no.nix' does not exist"
        );
    }

    #[test]
    fn dots_are_taken_out_by_name() {
        assert_eq!(normalize(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(normalize(Path::new("../x")), Path::new("../x"));
    }
}
