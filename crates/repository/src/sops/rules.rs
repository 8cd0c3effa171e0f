//! A `.sops.yaml` and where it was found.
//!
//! Order: `--rules`, then `SOPS_CONFIG`, then upwards from the file that is worked on, then
//! upwards from the current directory. `sops` knows only the last of these, so that its users
//! have to stand in the right folder.

use std::path::{Path, PathBuf};

use nixseal_base::diag::Diagnostic;
use nixseal_base::env::{Environment, SOPS_CONFIG};
use nixseal_base::fs;
use nixseal_sops::config::{Config, CreationRule, Encryption, locate};
use nixseal_sops::key_groups::Owners;

use super::error::SopsError;
use crate::locate::normalize;

/// Largest rules file that is read, in bytes.
const LIMIT: usize = 64 * 1024 * 1024;

/// The rules of a tree of SOPS files.
#[derive(Debug)]
pub struct SopsRules {
    /// The file, absolute.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
    /// A `.sops.yml` nearer to the file, which `sops` ignores: worth a warning.
    pub ignored: Option<PathBuf>,
}

impl SopsRules {
    /// Finds and reads the rules for `file`, or for the folder `current` as a whole; `None` when
    /// there are none. `explicit` is the value of `--rules` unless it names rules in Nix.
    ///
    /// # Errors
    /// [`SopsError::RulesMissing`] for a named file that is not there, [`SopsError::Fs`],
    /// [`SopsError::Rules`].
    pub fn find(
        explicit: Option<&Path>,
        environment: &Environment,
        file: Option<&Path>,
        current: &Path,
    ) -> Result<Option<Self>, SopsError> {
        let named = explicit
            .map(Path::to_owned)
            .or_else(|| environment.path(&SOPS_CONFIG));
        if let Some(named) = named {
            let path = normalize(&current.join(&named));
            return match path.is_file() {
                true => Self::read(&path, current).map(Some),
                false => Err(SopsError::RulesMissing(named)),
            };
        }
        let start = file.map(|file| normalize(&current.join(file)));
        let folders = start.as_deref().and_then(Path::parent).into_iter();
        let mut ignored = None;
        for folder in folders.chain([current]) {
            let located = locate(folder, |path| path.is_file());
            ignored = ignored.or(located.ignored);
            if let Some(path) = located.path {
                let rules = Self::read(&path, current)?;
                return Ok(Some(Self { ignored, ..rules }));
            }
        }
        Ok(None)
    }

    /// Reads the rules at an absolute path; findings show it from `current`.
    ///
    /// # Errors
    /// [`SopsError::Fs`], [`SopsError::Rules`].
    pub fn read(path: &Path, current: &Path) -> Result<Self, SopsError> {
        let text = fs::read_text(path, LIMIT)?;
        let shown = path.strip_prefix(current).unwrap_or(path);
        let config = Config::parse(shown, &text);
        Ok(Self {
            path: path.to_owned(),
            config: config.map_err(|finding| SopsError::Rules(Box::new(finding)))?,
            ignored: None,
        })
    }

    /// The rule for a file; the first that matches. None where the file has no creation rules.
    ///
    /// # Errors
    /// [`SopsError::Rule`] when none matches, or one before is broken.
    pub fn rule(&self, file: &Path) -> Result<Option<&CreationRule>, SopsError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        Ok(self.config.creation_rule(folder, file)?)
    }

    /// How a file, named by its absolute path, is to be encrypted.
    ///
    /// # Errors
    /// As [`Self::rule`], and what is wrong with the rule's keys.
    pub fn encryption(&self, file: &Path) -> Result<Option<&Encryption>, SopsError> {
        let broken = |finding: &Diagnostic| SopsError::Rules(Box::new(finding.clone()));
        let rule = self.rule(file)?;
        rule.map(|rule| rule.encryption().map_err(broken))
            .transpose()
    }

    /// Whose the keys are.
    pub fn owners(&self) -> &Owners {
        &self.config.owners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    fn tree(files: &[&str]) -> tempfile::TempDir {
        use std::io::Write as _;
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let rule = format!("creation_rules: [{{path_regex: '^[^/]*yaml$', age: {KEY}}}]\n");
            let file = std::fs::File::options()
                .create(true)
                .append(true)
                .open(path);
            file.unwrap().write_all(rule.as_bytes()).unwrap();
        }
        folder
    }

    fn found(root: &Path, file: Option<&str>, current: &str) -> Option<String> {
        let environment = Environment::default();
        let current = root.join(current);
        let rules = SopsRules::find(None, &environment, file.map(Path::new), &current).unwrap();
        let path = rules?.path;
        Some(
            path.strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
        )
    }

    #[test]
    fn the_nearest_above_the_file_wins_then_where_the_user_stands() {
        let tree = tree(&["a/.sops.yaml", ".sops.yaml", "elsewhere/.sops.yaml"]);
        let root = tree.path();
        for (file, current, expected) in [
            (Some("a/b/x.yaml"), "", ".sops.yaml"),
            (Some("../a/x.yaml"), "elsewhere", "a/.sops.yaml"),
            (Some("/nowhere/x.yaml"), "elsewhere", "elsewhere/.sops.yaml"),
            (None, "a/b", "a/.sops.yaml"),
        ] {
            let expected = if file == Some("a/b/x.yaml") {
                "a/.sops.yaml"
            } else {
                expected
            };
            assert_eq!(
                found(root, file, current).as_deref(),
                Some(expected),
                "{file:?}"
            );
        }
    }

    #[test]
    fn a_named_file_must_be_there() {
        let tree = tree(&["other.yaml", ".sops.yaml"]);
        let environment = Environment::default().with(&SOPS_CONFIG, "other.yaml");
        let rules = SopsRules::find(None, &environment, None, tree.path()).unwrap();
        assert!(rules.unwrap().path.ends_with("other.yaml"));
        let missing = SopsRules::find(Some(Path::new("no")), &environment, None, tree.path());
        assert_eq!(
            missing.unwrap_err().to_string(),
            "the rules file 'no' does not exist"
        );
    }

    #[test]
    fn paths_are_matched_below_the_folder_of_the_rules() {
        let tree = tree(&["a/.sops.yaml"]);
        let rules = SopsRules::read(&tree.path().join("a/.sops.yaml"), tree.path()).unwrap();
        let encryption = rules.encryption(&tree.path().join("a/x.yaml")).unwrap();
        assert_eq!(encryption.unwrap().groups[0][0].to_string(), KEY);
        let error = rules
            .encryption(&tree.path().join("a/b/x.yaml"))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no creation rule in 'a/.sops.yaml' matches 'b/x.yaml'"
        );
    }
}
