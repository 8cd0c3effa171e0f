//! How a run of `sops` ends when it does not end well: its exit codes and its messages.
//!
//! The beginnings of messages are those of the original, since scripts look for them; what is
//! wrong and what to do about it follows in our own words.

mod recovery;

use std::fmt;

use nixseal_document::{EmitError, Format, ParseError, ParseErrorKind};
use nixseal_sops::config::KeyTextError;
use nixseal_sops::key_groups::WrapError;
use nixseal_sops::{Error, Fault, KeyId, KeyKind, MetadataError, ValueError};

use crate::personalities::go_text::quoted;

/// Exit codes of `sops` 3.13.3.
pub(super) mod code {
    pub(in crate::personalities::sops) const GENERIC: u8 = 1;
    pub(in crate::personalities::sops) const INPUT: u8 = 2;
    pub(in crate::personalities::sops) const OUTPUT: u8 = 3;
    pub(in crate::personalities::sops) const DUMP: u8 = 4;
    pub(in crate::personalities::sops) const CONTEXT: u8 = 6;
    pub(in crate::personalities::sops) const CONFLICT: u8 = 8;
    pub(in crate::personalities::sops) const CHANGE_KEYS: u8 = 49;
    pub(in crate::personalities::sops) const TREE_PATH: u8 = 91;
    pub(in crate::personalities::sops) const NO_FILE: u8 = 100;
    pub(in crate::personalities::sops) const DOUBLE_ORDER: u8 = 112;
    pub(in crate::personalities::sops) const UNCHANGED: u8 = 200;
    pub(in crate::personalities::sops) const EDITOR: u8 = 201;
}

/// Why a run stops.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Exit code.
    pub(super) code: u8,
    /// What to print on standard error; nothing is printed where it is empty.
    pub(super) message: String,
}

/// What a command gives back: its exit code.
pub(super) type Outcome = Result<u8, Failure>;

impl Failure {
    /// A failure with a code of its own.
    pub(super) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// A failure with code 1.
    pub(super) fn generic(message: impl Into<String>) -> Self {
        Self::new(code::GENERIC, message)
    }

    /// Why a file was not written, for commands where the original says it in `words` of their
    /// own, and with code 1.
    #[must_use]
    pub(super) fn of_writing(self, words: &str) -> Self {
        let reason = self
            .message
            .strip_prefix("Could not open in-place file for writing: ")
            .unwrap_or(&self.message);
        Self::generic(format!("{words}{reason}"))
    }

    /// Two flags that exclude each other.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(code::CONFLICT, message)
    }

    /// What is wrong with a file of that format, plain or encrypted.
    pub(super) fn of_file(format: Format, error: Error) -> Self {
        let code = error.exit_code();
        let message = match &error {
            Error::EncryptedSyntax(error) if error.kind == ParseErrorKind::Syntax => {
                let reason = unreadable(format, error);
                match format {
                    Format::Yaml => format!("Error unmarshaling input YAML: {reason}"),
                    _ => reason,
                }
            }
            Error::Parse(error) if error.kind == ParseErrorKind::Syntax => {
                let reason = unreadable(format, error);
                format!("Error unmarshalling file: {reason}")
            }
            _ => return Self::from(error),
        };
        Self { code, message }
    }

    /// A flag or command that we know and do not support.
    pub(super) fn unsupported(what: &str) -> Self {
        Self::generic(format!(
            "{what} is not supported yet, and is not ignored either"
        ))
    }

    /// The same failure with a line that says what to do.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.message.push_str(&format!("\nhint: {hint}"));
        self
    }
}

impl From<Error> for Failure {
    /// The message that `sops` begins with for it, its exit code, and the reason in our words.
    fn from(error: Error) -> Self {
        let code = error.exit_code();
        let message = match error {
            Error::Recovery(failure) => recovery::text(&failure),
            Error::Wrap(error) => return Self::from(error),
            Error::MacMismatch { stored, computed } => {
                let stored = stored.as_deref().unwrap_or("no MAC");
                format!("MAC mismatch. File has {stored}, computed {computed}")
            }
            Error::MacUnreadable(reason) => {
                format!("Cannot decrypt MAC: {}{reason}", authentic(&reason))
            }
            Error::Metadata(MetadataError::Missing) => "sops metadata not found".to_owned(),
            Error::Metadata(MetadataError::NoKeys) => "No keys found in file".to_owned(),
            Error::Metadata(error) => metadata(&error),
            Error::EncryptedSyntax(error) => match error.kind {
                ParseErrorKind::NonStringKey | ParseErrorKind::NumberRange => {
                    format!("Error decrypting tree: Error walking tree: {error}")
                }
                _ => format!("Error unmarshalling input: {error}"),
            },
            Error::Parse(error) => match error.kind {
                ParseErrorKind::NonStringKey | ParseErrorKind::NumberRange => {
                    format!("Error encrypting tree: Error walking tree: {error}")
                }
                _ => format!("Error unmarshalling file: {error}"),
            },
            Error::Decrypt(error) => {
                let cause = match &error.fault {
                    Fault::Value(reason) => authentic(reason),
                    _ => "",
                };
                format!(
                    "Error decrypting tree: Error walking tree: Could not decrypt value: \
                     {cause}{error}"
                )
            }
            Error::Encrypt(error) => {
                format!("Error encrypting tree: Error walking tree: {error}")
            }
            Error::MacEncryption(reason) => format!("Could not encrypt MAC: {reason}"),
            Error::Empty => {
                "File cannot be completely empty, it must contain at least one document".to_owned()
            }
            Error::AlreadyEncrypted { document, key } => already_encrypted(document, &key),
            Error::Emit(error) => format!("Could not marshal tree: {}", unfit(&error)),
            Error::Splice(error) => format!("Could not marshal tree: {error}"),
            other => other.to_string(),
        };
        Self { code, message }
    }
}

impl From<WrapError> for Failure {
    fn from(error: WrapError) -> Self {
        let reasons = wrap_reasons(&error);
        Self::generic(format!("Could not generate data key: [{reasons}]"))
    }
}

/// Why a data key could not be wrapped, as the original lists it between brackets.
pub(super) fn wrap_reasons(error: &WrapError) -> String {
    match error {
        WrapError::EmptyGroup(_) => "empty key group provided".to_owned(),
        WrapError::Shamir(reason) => {
            format!("could not split data key into parts for Shamir: {reason}")
        }
        WrapError::Keys(refused) => {
            let one = |(id, reason): &(KeyId, String)| {
                let id = quoted(id.to_string());
                format!("failed to encrypt new data key with master key {id}: {reason}")
            };
            let reasons: Vec<_> = refused.iter().map(one).collect();
            reasons.join(" ")
        }
        other => other.to_string(),
    }
}

impl From<KeyTextError> for Failure {
    /// What is no key, behind the words of the original for those of age.
    fn from(error: KeyTextError) -> Self {
        let KeyTextError { kind, text, reason } = &error;
        Self::generic(match kind {
            KeyKind::Age if text.starts_with("age1") => {
                format!("failed to parse input as Bech32-encoded age public key: {reason}")
            }
            KeyKind::Age if text.starts_with("ssh-") => {
                format!("failed to parse input as age-ssh public key: {reason}")
            }
            KeyKind::Age => {
                let text = quoted(text);
                format!("failed to parse input, unknown recipient type: {text}")
            }
            _ => error.to_string(),
        })
    }
}

/// The words of the original for what was changed behind its back.
fn authentic(reason: &ValueError) -> &'static str {
    match reason {
        ValueError::NotAuthentic => {
            "Could not decrypt with AES_GCM: cipher: message authentication failed: "
        }
        _ => "",
    }
}

/// What a format cannot hold, behind the words of the original where it has some.
pub(super) fn unfit(error: &EmitError) -> String {
    match error {
        EmitError::Nested {
            format: Format::Dotenv,
            key,
        } => format!("cannot use complex value in dotenv file; offending key {key}: {error}"),
        EmitError::NotASection(_) => format!(
            "Error marshaling to INI: Error encoding section: Section values should always be \
             TreeBranches: {error}"
        ),
        other => other.to_string(),
    }
}

/// Damaged metadata, behind the words of the original where it has some.
fn metadata(error: &MetadataError) -> String {
    let words = match error {
        MetadataError::Field { key, reason } => match (key.as_str(), reason.as_str()) {
            ("version", reason) if reason.starts_with("''") => "Version string empty: ",
            ("version", _) => "No Major.Minor.Patch elements found: ",
            ("sops", "it has to be a map") => "Found sops entry that is not a mapping: ",
            _ => "",
        },
        _ => "",
    };
    format!("{words}{error}")
}

/// What is no document of its format, under the original's words for it.
pub(super) fn unreadable(format: Format, error: &ParseError) -> String {
    match format {
        Format::Binary | Format::Json | Format::Ini => {
            format!("Could not unmarshal input data: {error}")
        }
        Format::Dotenv => format!("invalid dotenv input line: {error}"),
        Format::Yaml => format!("yaml: line {}: {error}", error.position.line),
    }
}

fn already_encrypted(document: usize, key: &str) -> String {
    let place = match document {
        0 => String::new(),
        index => format!(" of document {}", index + 1),
    };
    format!(
        "The file you have provided contains a top-level entry called 'sops', or for\n\
         flat file formats top-level entries starting with 'sops_'. The entry{place} is '{key}'.\n\
         sops keeps its metadata there, so the file is most likely encrypted already.\n\
         hint: to change an encrypted file, use `sops edit`; if it is not one, rename the entry"
    )
}
