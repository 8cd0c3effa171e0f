//! Encrypted files, each read once and opened once however many secrets are in it.

use std::path::Path;

use nixseal_age::OpenFile;
use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Item as ListItem, Map, Node, Value};
use nixseal_document::{EmitOptions, Format, emit, flat};
use nixseal_repository::FILE_LIMIT;
use nixseal_repository::sops::SopsKeys;
use nixseal_sops::key_groups::Owners;
use nixseal_sops::{DecryptOptions, DecryptedFile, EncryptedFile, Error};

use crate::digest::Digest;
use crate::keys::{Keychain, go_cause};
use crate::manifest::{ItemSource, Sops};

/// What a file is, as the manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FileKind {
    Age,
    Sops(Format),
}

impl FileKind {
    pub(crate) fn of(source: &ItemSource) -> Self {
        match source {
            ItemSource::Age(_) => Self::Age,
            ItemSource::Sops(sops) => Self::Sops(sops.format),
        }
    }
}

/// A file that was read.
pub(crate) struct Encrypted {
    pub(crate) path: std::path::PathBuf,
    pub(crate) kind: FileKind,
    /// The bytes, or why there are none.
    pub(crate) content: Result<Vec<u8>, String>,
    pub(crate) digest: Digest,
}

impl Encrypted {
    pub(crate) fn read(path: &Path, kind: FileKind) -> Self {
        let content =
            fs::read_regular(path, FILE_LIMIT).map_err(|error| match error.is_not_found() {
                true => format!("the file '{}' does not exist", path.display()),
                false => format!(
                    "cannot read '{}': {}",
                    path.display(),
                    go_cause("open", path, &error.cause)
                ),
            });
        let digest = Digest::of(content.as_deref().unwrap_or_default());
        Self {
            path: path.to_owned(),
            kind,
            content,
            digest,
        }
    }
}

/// Why a file could not be opened.
pub(crate) enum OpenFault {
    /// In our words, complete.
    Ours(String),
    /// A SOPS file; others may want other words.
    Sops(Box<Error>),
}

/// A file that was opened.
pub(crate) enum Opened {
    Age(SecretBytes),
    Sops(Box<DecryptedFile>),
}

/// Opens the content of a file.
pub(crate) fn open(
    file: &Encrypted,
    content: &[u8],
    keys: &Keychain,
    sops: &SopsKeys<'_>,
) -> Result<Opened, OpenFault> {
    match file.kind {
        FileKind::Age => open_age(file, content, keys).map(Opened::Age),
        FileKind::Sops(format) => {
            let encrypted = EncryptedFile::parse(format, content).map_err(fault)?;
            open_sops(encrypted, sops)
        }
    }
}

fn fault(error: Error) -> OpenFault {
    OpenFault::Sops(Box::new(error))
}

/// Decrypts a SOPS file and checks its MAC.
pub(crate) fn open_sops(
    encrypted: EncryptedFile,
    sops: &SopsKeys<'_>,
) -> Result<Opened, OpenFault> {
    let owners = Owners::default();
    let key = sops.unlock(&encrypted.envelope, &owners).map_err(fault)?;
    let options = DecryptOptions {
        ignore_mac: false,
        keep_nonces: false,
    };
    let decrypted = encrypted.decrypt(&key, options).map_err(fault)?;
    Ok(Opened::Sops(Box::new(decrypted)))
}

fn open_age(file: &Encrypted, content: &[u8], keys: &Keychain) -> Result<SecretBytes, OpenFault> {
    let name = file.path.display().to_string();
    let damaged =
        |error: nixseal_age::Error| OpenFault::Ours(format!("cannot open '{name}': {error}"));
    let opened = OpenFile::parse(content).map_err(damaged)?;
    let header = opened.header();
    let file_key = keys
        .keyring
        .open(header.stanzas(), &name)
        .map_err(|failure| OpenFault::Ours(failure.to_string()))?;
    let plaintext = opened.with_file_key(&file_key).map_err(damaged)?;
    plaintext.read_all(FILE_LIMIT).map_err(damaged)
}

/// What a secret has of an opened file.
pub(crate) fn value(opened: &Opened, source: &ItemSource) -> Result<SecretBytes, String> {
    match (opened, source) {
        (Opened::Age(bytes), _) => Ok(bytes.duplicate()),
        (Opened::Sops(file), ItemSource::Sops(sops)) => match sops.is_whole() {
            true => emit(
                file.envelope.format(),
                &file.document.branches,
                &EmitOptions::default(),
            )
            .map_err(|error| error.to_string()),
            false => value_of_key(&file.document.branches, sops),
        },
        (Opened::Sops(_), ItemSource::Age(_)) => Err("it is no age file".to_owned()),
    }
}

fn value_of_key(documents: &[Map], sops: &Sops) -> Result<SecretBytes, String> {
    let scalar = scalar(documents, &sops.key)?;
    let mut text = flat::text(scalar);
    Ok(SecretBytes::new(std::mem::take(&mut *text)))
}

/// Walks to the value of a key: parts are separated by `/`, which `\/` puts into a part; numbers
/// count in lists. The beginnings of failures are those of sops-install-secrets.
pub(crate) fn scalar<'d>(documents: &'d [Map], key: &str) -> Result<&'d Value, String> {
    let parts = parts(key);
    let [first, rest @ ..] = parts.as_slice() else {
        return Err("the key is empty".to_owned());
    };
    let shown = |count: usize| parts.get(..count).unwrap_or_default().join("/");
    let missing = |count: usize| format!("the key '{}' cannot be found", shown(count));
    let map = documents.first().ok_or_else(|| missing(1))?;
    let mut node = map.get(first).ok_or_else(|| missing(1))?;
    for (index, part) in rest.iter().enumerate() {
        node = match node {
            Node::Map(map) => map.get(part).ok_or_else(|| missing(index + 2))?,
            Node::List(list) => {
                let values = list.items.iter().filter_map(|item| match item {
                    ListItem::Value(node) => Some(node),
                    ListItem::Comment(_) => None,
                });
                let mut values = values;
                let position = part.parse().ok();
                position
                    .and_then(|position: usize| values.nth(position))
                    .ok_or_else(|| missing(index + 2))?
            }
            Node::Scalar(_) => {
                let key = shown(index + 1);
                return Err(format!("key '{key}' does not refer to a dictionary"));
            }
        };
    }
    match node {
        Node::Scalar(scalar) if matches!(scalar.value(), Value::Null) => Err(format!(
            "the value of key '{}' is not a string: it is null",
            shown(parts.len())
        )),
        Node::Scalar(scalar) => Ok(scalar.value()),
        Node::Map(_) => Err(composed(&shown(parts.len()), "map")),
        Node::List(_) => Err(composed(&shown(parts.len()), "list")),
    }
}

fn composed(key: &str, kind: &str) -> String {
    format!(
        "the value of key '{key}' is not a string: it is a {kind}, and only one value can be a secret"
    )
}

fn parts(key: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = key.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some('/')) => {
                letters.next();
                if let Some(last) = parts.last_mut() {
                    last.push('/');
                }
            }
            ('/', _) => parts.push(String::new()),
            _ => {
                if let Some(last) = parts.last_mut() {
                    last.push(letter);
                }
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixseal_document::parse;

    const TEXT: &str = "a:\n  b: 1\n  c/d: text\n  l:\n  - x\n  - y: true\n  n: null\nt: 1.50\n";

    fn found(key: &str) -> Result<String, String> {
        let document = parse(Format::Yaml, TEXT.as_bytes()).unwrap();
        let value = scalar(&document.branches, key)?;
        Ok(String::from_utf8(flat::text(value).to_vec()).unwrap())
    }

    #[test]
    fn keys_lead_to_scalars() {
        for (key, text) in [
            ("a/b", "1"),
            ("a/c\\/d", "text"),
            ("a/l/0", "x"),
            ("a/l/1/y", "true"),
            ("t", "1.5"),
        ] {
            assert_eq!(found(key).as_deref(), Ok(text), "{key}");
        }
    }

    #[test]
    fn the_words_of_sops_install_secrets() {
        for (key, reason) in [
            ("x", "the key 'x' cannot be found"),
            ("x/y", "the key 'x' cannot be found"),
            ("a/x", "the key 'a/x' cannot be found"),
            ("a/b/c", "key 'a/b' does not refer to a dictionary"),
            ("a/l/2", "the key 'a/l/2' cannot be found"),
        ] {
            assert_eq!(found(key), Err(reason.to_owned()), "{key}");
        }
        for (key, beginning) in [
            ("a", "the value of key 'a' is not a string"),
            ("a/l", "the value of key 'a/l' is not a string"),
            ("a/n", "the value of key 'a/n' is not a string: it is null"),
        ] {
            assert!(found(key).unwrap_err().starts_with(beginning), "{key}");
        }
    }
}
