//! Secrets of either kind, opened.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use nixseal_base::secret::SecretBytes;
use nixseal_document::path::Path;
use nixseal_document::tree::{Map, Node};
use nixseal_document::{Document, EmitOptions, Format, emit_value, flat, parse};
use nixseal_repository::edit::read;
use nixseal_repository::sops::{Found, OpenSopsFile, named_format};
use nixseal_sops::change::environment::flattened;

use crate::args::Exec;
use crate::commands::Session;
use crate::commands::target::failed;
use crate::failure::Failure;

/// One file.
pub(super) struct Opened {
    /// As the user typed it.
    path: PathBuf,
    content: Content,
}

enum Content {
    Age(SecretBytes),
    Sops(Box<OpenSopsFile>),
}

impl Opened {
    /// Opens all files, each once.
    pub(super) fn all(
        session: &Session<'_>,
        arguments: &Exec,
        paths: &[PathBuf],
    ) -> Result<BTreeMap<PathBuf, Self>, Failure> {
        let keyring = session.sops_keyring(&arguments.identities)?;
        let keys = keyring.keys();
        let mut opened = BTreeMap::new();
        for path in paths {
            if opened.contains_key(path) {
                continue;
            }
            let missing = || Failure::new(format!("'{}' does not exist", path.display()));
            let content = match Found::at(path, None)? {
                Found::Missing => return Err(missing()),
                Found::Other(error) => return Err(failed(*error)),
                Found::Age => {
                    let read = read(path, keyring.identities())
                        .map_err(|error| Failure::of(error.diagnostic()))?;
                    Content::Age(read.ok_or_else(missing)?.plaintext)
                }
                Found::Sops(file) => {
                    // Rules only name recipients in failures here.
                    let rules = session.sops_rules(&arguments.rules, path).ok().flatten();
                    let owners = rules.map(|rules| rules.owners().clone());
                    let file = file.open(&keys, &owners.unwrap_or_default(), false);
                    Content::Sops(Box::new(file.map_err(failed)?))
                }
            };
            let path = path.clone();
            opened.insert(path.clone(), Self { path, content });
        }
        Ok(opened)
    }

    /// A variable for each of its values, or one for the whole.
    pub(super) fn variables(&self) -> Result<Vec<(String, SecretBytes)>, Failure> {
        let document = self.document()?;
        let Some(map) = document.map()? else {
            return Ok(vec![(self.name(), self.text(None)?)]);
        };
        let variables = flattened(map).map_err(|error| self.failure(&error.to_string()))?;
        Ok(variables
            .into_iter()
            .map(|variable| (variable.name, variable.value))
            .collect())
    }

    /// A value, or the whole without one line end, for the environment.
    pub(super) fn text(&self, key: Option<&Path>) -> Result<SecretBytes, Failure> {
        let bytes = self.bytes(key)?;
        if key.is_some() {
            return Ok(bytes);
        }
        let text = bytes.expose();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        Ok(SecretBytes::copy_of(text))
    }

    /// A value, or the whole as it is.
    pub(super) fn bytes(&self, key: Option<&Path>) -> Result<SecretBytes, Failure> {
        let Some(key) = key else {
            return match &self.content {
                Content::Age(bytes) => Ok(bytes.duplicate()),
                Content::Sops(file) => file.plaintext(&EmitOptions::default()).map_err(failed),
            };
        };
        let document = self.document()?;
        let Some(map) = document.map()? else {
            return Err(self.failure("it has no keys, only one value"));
        };
        match key.get(map) {
            Err(fault) => Err(self.failure(&fault.to_string())),
            Ok(Node::Scalar(scalar)) => {
                let mut text = flat::text(scalar.value());
                Ok(SecretBytes::new(std::mem::take(&mut *text)))
            }
            Ok(node) => {
                let value = emit_value(document.format(), node, &EmitOptions::default());
                value.map_err(|error| self.failure(&error.to_string()))
            }
        }
    }

    fn document(&self) -> Result<Tree<'_>, Failure> {
        match &self.content {
            Content::Sops(file) => Ok(Tree::Read(file.document(), file.format())),
            Content::Age(bytes) => {
                let inner = match self.path.extension() {
                    Some(end) if end == "age" => self.path.with_extension(""),
                    _ => self.path.clone(),
                };
                match named_format(&inner) {
                    Format::Binary => Ok(Tree::None),
                    format => match parse(format, bytes.expose()) {
                        Ok(document) => Ok(Tree::Parsed(document)),
                        Err(error) => {
                            let reason = format!("its content is no valid {format}: {error}");
                            Err(self.failure(&reason))
                        }
                    },
                }
            }
        }
    }

    /// The name of the variable for the whole.
    fn name(&self) -> String {
        variable_name(&self.path)
    }

    fn failure(&self, reason: &str) -> Failure {
        Failure::new(format!("'{}': {reason}", self.path.display()))
    }
}

/// The documents of a file that has some.
enum Tree<'a> {
    None,
    Parsed(Document),
    Read(&'a Document, Format),
}

impl Tree<'_> {
    fn format(&self) -> Format {
        match self {
            Self::None => Format::Binary,
            Self::Parsed(document) => document.format(),
            Self::Read(_, format) => *format,
        }
    }

    /// The one map; none where the file is one value.
    fn map(&self) -> Result<Option<&Map>, Failure> {
        let document = match self {
            Self::None | Self::Read(_, Format::Binary) => return Ok(None),
            Self::Parsed(document) => document,
            Self::Read(document, _) => document,
        };
        match document.branches.as_slice() {
            [map] => Ok(Some(map)),
            many => Err(Failure::new(format!(
                "a file with {} documents cannot become variables",
                many.len()
            ))),
        }
    }
}

/// `db-password.age` is `DB_PASSWORD`.
fn variable_name(path: &FilePath) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let letter = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter.to_ascii_uppercase(),
        false => '_',
    };
    let name: String = stem.chars().map(letter).collect();
    match name.starts_with(|first: char| first.is_ascii_digit()) {
        true => format!("_{name}"),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_called_after_files() {
        for (path, name) in [
            ("secrets/db-password.age", "DB_PASSWORD"),
            ("wifi.psk.age", "WIFI_PSK"),
            ("2fa.age", "_2FA"),
            ("key.bin", "KEY"),
        ] {
            assert_eq!(variable_name(FilePath::new(path)), name);
        }
    }
}
