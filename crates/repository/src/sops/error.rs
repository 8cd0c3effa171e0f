//! What can go wrong with a SOPS file or its rules, as findings that say what to do next.

use std::path::PathBuf;

use nixseal_base::diag::Diagnostic;
use nixseal_base::fs::FsError;
use nixseal_document::ParseError;
use nixseal_sops::config::RuleError;
use nixseal_sops::key_groups::RecoveryFailure;
use nixseal_sops::{Error, KeyKind, MetadataError};

/// Why a SOPS file was not read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SopsError {
    /// The file was changed by somebody else after it was read.
    #[error("'{}' was changed by another program meanwhile; run it again", .0.display())]
    Changed(PathBuf),
    /// The file cannot be opened, decrypted, encrypted or laid out.
    #[error("cannot {action} '{}': {source}", path.display())]
    File {
        /// A verb, such as `open`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// There is a file, and it is no SOPS file.
    #[error("'{}' is not a SOPS file: {source}", path.display())]
    NotSops {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// A plain text that is no document of its format.
    #[error("'{name}' is no valid {format}: line {}, column {}: {}", .source.position.line, .source.position.column, .source.reason)]
    Plaintext {
        /// What to call the text.
        name: String,
        /// Its format.
        format: nixseal_document::Format,
        /// What is wrong, and where. Its text is a secret and not shown.
        #[source]
        source: ParseError,
    },
    /// No rule is for the file.
    #[error("{0}")]
    Rule(#[from] RuleError),
    /// The rules are broken.
    #[error("{0}")]
    Rules(Box<Diagnostic>),
    /// A rules file that was named, but is not there.
    #[error("the rules file '{}' does not exist", .0.display())]
    RulesMissing(PathBuf),
}

impl SopsError {
    /// That something failed with a file.
    pub(super) fn file(action: &'static str, path: &std::path::Path, source: Error) -> Self {
        let path = path.to_owned();
        let source = Box::new(source);
        match *source {
            Error::EncryptedSyntax(_) | Error::Metadata(MetadataError::Missing) => {
                Self::NotSops { path, source }
            }
            _ => Self::File {
                action,
                path,
                source,
            },
        }
    }

    /// The same in fewer words, for where the file was named already.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::File { source, .. } | Self::NotSops { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }

    /// Whether nobody of those whose keys are at hand can open the file.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::File { source, .. } if matches!(**source, Error::Recovery(_)))
    }

    /// The same as a finding, with the place and hints it may have.
    pub fn diagnostic(self) -> Diagnostic {
        let message = self.to_string();
        match self {
            Self::Rules(finding) => *finding,
            Self::Rule(RuleError::Broken(finding)) => *finding,
            Self::Rule(RuleError::NoMatch { config, file }) => {
                let escaped = file.replace('.', "\\.");
                Diagnostic::error(message).hint(format!(
                    "add a rule to '{}', for example: path_regex: ^{escaped}$",
                    config.display()
                ))
            }
            Self::File { path, source, .. } => {
                let name = path.display().to_string();
                hints(&source, &name)
                    .into_iter()
                    .fold(Diagnostic::error(message), Diagnostic::hint)
            }
            _ => Diagnostic::error(message),
        }
    }
}

/// What to do about an error of a file.
fn hints(error: &Error, name: &str) -> Vec<String> {
    match error {
        Error::Recovery(failure) => recovery_hints(failure, name),
        Error::MacMismatch { .. } | Error::MacUnreadable(_) => vec![
            "somebody changed the file without sops, or merged it by hand: restore it from \
             version control"
                .to_owned(),
            format!("to see what it holds nevertheless: nixseal show --ignore-mac {name}"),
        ],
        _ => Vec::new(),
    }
}

/// What somebody can do whom no recipient of a file is.
fn recovery_hints(failure: &RecoveryFailure, name: &str) -> Vec<String> {
    let mut hints = Vec::new();
    let keys = || failure.groups.iter().flat_map(|group| &group.failures);
    let of_age = keys().any(|key| key.id.kind() == KeyKind::Age);
    let public = failure
        .identities
        .iter()
        .find_map(|one| one.public.as_deref());
    match public {
        Some(key) if of_age => hints.push(format!(
            "if '{key}' is yours, let somebody who can open the file add it to .sops.yaml and run: \
             nixseal rekey {name}"
        )),
        _ if of_age && failure.identities.is_empty() => hints.push(
            "name your key with --identity, or make one: \
             nixseal key new -o ~/.config/sops/age/keys.txt"
                .to_owned(),
        ),
        _ => {}
    }
    if keys().any(|key| key.id.kind() == KeyKind::Pgp) {
        hints.push("`gpg --list-secret-keys` shows which OpenPGP keys are at hand".to_owned());
    }
    hints
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn files_without_metadata_are_no_sops_files() {
        let error = SopsError::file("read", Path::new("a.yaml"), MetadataError::Missing.into());
        assert!(matches!(error, SopsError::NotSops { .. }), "{error}");
        let error = SopsError::file("read", Path::new("a.yaml"), MetadataError::NoKeys.into());
        assert!(matches!(error, SopsError::File { .. }), "{error}");
    }

    #[test]
    fn a_missing_rule_is_spelled_out() {
        let error = SopsError::Rule(RuleError::NoMatch {
            config: ".sops.yaml".into(),
            file: "a/b.yaml".to_owned(),
        });
        let finding = error.diagnostic();
        assert_eq!(
            finding.hints,
            ["add a rule to '.sops.yaml', for example: path_regex: ^a/b\\.yaml$"]
        );
    }
}
