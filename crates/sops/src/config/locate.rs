//! Finding the configuration file.

use std::path::{Path, PathBuf};

use super::CONFIG_FILE;

/// The name that people take it for.
const OTHER_NAME: &str = ".sops.yml";

/// As many folders as `sops` goes up.
const LEVELS: usize = 100;

/// What was found on the way up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// The configuration file, if there is one.
    pub path: Option<PathBuf>,
    /// The first file of the name `.sops.yml` before it: it is ignored, which deserves a warning.
    pub ignored: Option<PathBuf>,
}

/// Looks in `start`, an absolute path, and the folders above it; the first file wins. `exists`
/// tells whether there is something at a path. `sops` starts in the working directory.
pub fn locate(start: &Path, exists: impl Fn(&Path) -> bool) -> Located {
    let mut ignored = None;
    for folder in start.ancestors().take(LEVELS) {
        let path = folder.join(CONFIG_FILE);
        if exists(&path) {
            return Located {
                path: Some(path),
                ignored,
            };
        }
        let other = folder.join(OTHER_NAME);
        if ignored.is_none() && exists(&other) {
            ignored = Some(other);
        }
    }
    Located {
        path: None,
        ignored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_wins() {
        let files = ["/a/.sops.yaml", "/a/b/.sops.yaml", "/a/b/c/.sops.yml"];
        let exists = |path: &Path| files.iter().any(|file| Path::new(file) == path);
        let located = locate(Path::new("/a/b/c/d"), exists);
        assert_eq!(located.path, Some("/a/b/.sops.yaml".into()));
        assert_eq!(located.ignored, Some("/a/b/c/.sops.yml".into()));
        assert_eq!(
            locate(Path::new("/a"), exists).path,
            Some("/a/.sops.yaml".into())
        );
        assert_eq!(locate(Path::new("/x"), exists), Located::default());
    }
}
