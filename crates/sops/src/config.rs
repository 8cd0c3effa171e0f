//! `.sops.yaml`: who can open new files, chosen by their paths, and how they are laid out.
//!
//! Rules are read and matched as `sops` 3.13.3 does. What `sops` ignores in silence (unknown keys,
//! expressions it cannot compile, rules that nothing reaches) becomes a [`Diagnostic`] with its
//! place.

mod anchors;
mod check;
mod keys;
mod locate;
mod reader;
mod render;
mod rules;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_base::diag::{Diagnostic, Severity, Source};
use nixseal_document::{EmitOptions, Format};

pub use keys::KeyTextError;
pub use locate::{Located, locate};
pub use render::render;
pub use rules::{CreationRule, Destination, DestinationRule, Encryption, VaultVersion};

use crate::key_groups::Owners;

/// The name of the file.
pub const CONFIG_FILE: &str = ".sops.yaml";

/// A configuration file that was read.
#[derive(Debug)]
pub struct Config {
    /// Rules for new files, in order. None where the file has no such list: then it counts as
    /// absent when files are encrypted.
    pub creation_rules: Option<Vec<CreationRule>>,
    /// Rules for `publish`, in order.
    pub destination_rules: Vec<DestinationRule>,
    /// Indentation of YAML files.
    pub yaml_indent: Option<i64>,
    /// Indentation of JSON files.
    pub json_indent: Option<i64>,
    /// Indentation of encrypted binary files.
    pub json_binary_indent: Option<i64>,
    /// Names of keys: those of their anchors.
    pub owners: Owners,
    source: Arc<Source>,
    diagnostics: Vec<Diagnostic>,
}

/// Why no rule is at hand for a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// There are rules, and none is for the file.
    #[error("no creation rule in '{}' matches '{file}'", .config.display())]
    NoMatch {
        /// The configuration file.
        config: PathBuf,
        /// What was matched: the path below the configuration file's folder.
        file: String,
    },
    /// The rule, or one before it, is broken.
    #[error("{0}")]
    Broken(Box<Diagnostic>),
}

impl Config {
    /// Reads a configuration file; `path` is for messages.
    ///
    /// # Errors
    /// What makes `sops` refuse the file as a whole: its syntax, and values of wrong types.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Diagnostic> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let source = Arc::new(Source {
            path: path.to_owned(),
            text,
        });
        // Nothing but comments is no document for a file with secrets, but fine here.
        let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let text = if source.text.lines().all(blank) {
            ""
        } else {
            &source.text
        };
        let document = nixseal_document::parse(Format::Yaml, text.as_bytes());
        let document =
            document.map_err(|error| Diagnostic::error(error.reason).at(&source, error.span))?;
        let mut config = Self {
            creation_rules: None,
            destination_rules: Vec::new(),
            yaml_indent: None,
            json_indent: None,
            json_binary_indent: None,
            owners: Owners::default(),
            source,
            diagnostics: Vec::new(),
        };
        if let Some(root) = document.branches.first() {
            rules::read(root, &mut config)?;
            check::check(root, &mut config);
        }
        Ok(config)
    }

    /// The rule for a file: the first whose expression matches its path. None when the file has
    /// no rules at all. Both paths are absolute; `directory` is the configuration file's.
    ///
    /// # Errors
    /// [`RuleError`] when none matches, or an expression before it is invalid.
    pub fn creation_rule(
        &self,
        directory: &Path,
        file: &Path,
    ) -> Result<Option<&CreationRule>, RuleError> {
        let Some(rules) = &self.creation_rules else {
            return Ok(None);
        };
        let file = file.to_string_lossy();
        let mut prefix = directory.to_string_lossy().into_owned();
        if !prefix.ends_with('/') {
            prefix.push('/');
        }
        // Files elsewhere are matched by their absolute paths.
        let relative = file.strip_prefix(&prefix).unwrap_or(&file);
        for rule in rules {
            if rule
                .matches(relative)
                .map_err(|error| RuleError::Broken(Box::new(error.clone())))?
            {
                return Ok(Some(rule));
            }
        }
        Err(RuleError::NoMatch {
            config: self.source.path.clone(),
            file: relative.to_owned(),
        })
    }

    /// The rule for publishing a file: the first whose expression matches the path as typed.
    pub fn destination_rule(&self, typed: &str) -> Option<&DestinationRule> {
        self.destination_rules
            .iter()
            .find(|rule| rule.matches(typed))
    }

    /// How files of a format are laid out.
    pub fn emit_options(&self, format: Format) -> EmitOptions {
        let indent = match format {
            Format::Binary => self.json_binary_indent,
            Format::Json => self.json_indent,
            Format::Yaml => self.yaml_indent,
            Format::Dotenv | Format::Ini => None,
        };
        EmitOptions { indent }
    }

    /// Everything that is wrong or odd, in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether anything is wrong, not only odd.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|one| one.severity == Severity::Error)
    }

    /// The text, to show places in it.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }
}
