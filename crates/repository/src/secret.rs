//! One secret of the rules, and the state of its file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::recipients::ParsedRecipient;
use nixseal_age::{Armor, Error, OpenFile, Stanza};
use nixseal_base::diag::Diagnostic;
use nixseal_base::fs::{self, FsError, Version};

use crate::drift::{Mark, Wanted};
use crate::lock::{Entry, FileDigest, RecipientId};

/// Largest `.age` file that is worked on in memory, in bytes. Secrets are
/// small; larger files are for `nixseal encrypt` and `decrypt`.
pub const FILE_LIMIT: usize = 1024 * 1024 * 1024;

/// A rule and where its file is.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Name in the rules, exactly as it stands there.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Who may read it, or why the rule cannot be used.
    pub readers: Result<Vec<Arc<Reader>>, Diagnostic>,
    /// Whether the rule asks for text; `None` when it says nothing.
    pub armor: Option<bool>,
}

/// A recipient and what the rules file calls it; made once, however many rules
/// name it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The recipient.
    pub recipient: Arc<ParsedRecipient>,
    /// Its names in the rules, else a short form of the key.
    pub label: String,
    /// The same as comparing needs it.
    pub wanted: Wanted,
}

impl Reader {
    /// A recipient with its name.
    pub fn new(recipient: Arc<ParsedRecipient>, label: String) -> Self {
        let mark = match (recipient.stanza_kind(), recipient.ssh_tag()) {
            (Some(kind), Some(tag)) => Mark::Tagged { kind, tag },
            (Some(kind @ ("X25519" | "mlkem768x25519")), None) => Mark::Anonymous(kind),
            _ => Mark::Opaque,
        };
        let id = RecipientId::of(recipient.canonical());
        let wanted = Wanted {
            id,
            label: label.clone(),
            mark,
        };
        Self {
            recipient,
            label,
            wanted,
        }
    }
}

/// The entry of the lock for `content`, encrypted to `readers`.
pub(crate) fn lock_entry(content: &[u8], readers: &[Arc<Reader>]) -> Entry {
    Entry {
        digest: FileDigest::of(content),
        recipients: ids(readers),
    }
}

fn ids(readers: &[Arc<Reader>]) -> BTreeSet<RecipientId> {
    readers
        .iter()
        .map(|reader| reader.wanted.id.clone())
        .collect()
}

/// What was found at a secret's path.
pub enum FileState {
    /// Nothing.
    Missing,
    /// It could not be read.
    Unreadable(FsError),
    /// It is no age file: perhaps plaintext.
    NotAge(Error),
    /// An age file.
    Encrypted(EncryptedFile),
}

/// An age file, read and not opened.
pub struct EncryptedFile {
    /// Its bytes.
    pub content: Vec<u8>,
    /// Digest of them.
    pub digest: FileDigest,
    /// Whom it is encrypted to, as far as the header tells.
    pub stanzas: Vec<Stanza>,
    /// How it is written.
    pub armor: Armor,
    /// Which version of the file this is.
    pub version: Version,
}

impl EncryptedFile {
    /// The entry of the lock for this file, known to be encrypted to `readers`.
    pub fn lock_entry(&self, readers: &[Arc<Reader>]) -> Entry {
        Entry {
            digest: self.digest,
            recipients: ids(readers),
        }
    }
}

impl FileState {
    /// Reads the file at `path` and the header in it.
    pub fn read(path: &Path) -> Self {
        let (content, version) = match fs::read_version(path, FILE_LIMIT) {
            Ok(read) => read,
            Err(error) if error.is_not_found() => return Self::Missing,
            Err(error) => return Self::Unreadable(error),
        };
        let (stanzas, armor) = match OpenFile::parse(content.as_slice()) {
            Ok(file) => (file.header().stanzas().to_vec(), file.armor()),
            Err(error) => return Self::NotAge(error),
        };
        let digest = FileDigest::of(&content);
        Self::Encrypted(EncryptedFile {
            content,
            digest,
            stanzas,
            armor,
            version,
        })
    }
}
