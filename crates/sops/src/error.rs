//! What can go wrong with a SOPS file, with the exit codes that `sops` has for it.

use nixseal_document::{EmitError, ParseError, ParseErrorKind, SpliceError};

use crate::key_groups::{RecoveryFailure, WrapError};
use crate::metadata::MetadataError;
use crate::value::ValueError;
use crate::walk::WalkError;

/// Why a file could not be read, decrypted or encrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An encrypted file that is not a document of its format.
    #[error("{0}")]
    EncryptedSyntax(#[source] ParseError),
    /// A plain file that is not a document of its format.
    #[error("{0}")]
    Parse(#[from] ParseError),
    /// No document at all.
    #[error("the file is empty: it has to hold at least one document")]
    Empty,
    /// No metadata, or damaged ones.
    #[error("{0}")]
    Metadata(#[from] MetadataError),
    /// A file that is encrypted already, or looks so.
    #[error(
        "{}the file has the top-level key '{key}', where sops keeps its metadata: \
         it is encrypted already, or needs another name for that key",
        prefix(*.document)
    )]
    AlreadyEncrypted {
        /// Document of the file, from 0.
        document: usize,
        /// The key.
        key: String,
    },
    /// Nobody could open the file.
    #[error("{0}")]
    Recovery(#[from] Box<RecoveryFailure>),
    /// The data key could not be wrapped for everybody.
    #[error("{0}")]
    Wrap(#[from] WrapError),
    /// A value could not be decrypted.
    #[error("cannot decrypt {0}")]
    Decrypt(#[source] WalkError),
    /// A value could not be encrypted.
    #[error("cannot encrypt {0}")]
    Encrypt(#[source] WalkError),
    /// The MAC itself could not be decrypted.
    #[error(
        "cannot decrypt the MAC of the file ({0}): \
         'mac' or 'lastmodified' was changed, or belongs to other contents"
    )]
    MacUnreadable(#[source] ValueError),
    /// The values are not those that were encrypted.
    #[error(
        "the MAC of the file does not fit its values: values were added, removed, reordered or \
         changed after it was encrypted (the file has {}, its values give {computed})",
        .stored.as_deref().unwrap_or("no MAC")
    )]
    MacMismatch {
        /// The decrypted MAC; none where the file has none.
        stored: Option<String>,
        /// The MAC of the values as they are.
        computed: String,
    },
    /// The MAC could not be encrypted.
    #[error("cannot encrypt the MAC of the file: {0}")]
    MacEncryption(String),
    /// The tree cannot be written in the format.
    #[error("{0}")]
    Emit(#[from] EmitError),
    /// The changes cannot be put into the text.
    #[error("{0}")]
    Splice(#[from] SpliceError),
    /// The system gives no randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(#[from] getrandom::Error),
}

impl Error {
    /// The exit code of `sops` 3.13.3 for this.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Metadata(_) | Self::Wrap(_) | Self::Randomness(_) => 1,
            // Keys and numbers are what SOPS finds only when it walks the tree.
            Self::EncryptedSyntax(error) => match error.kind {
                ParseErrorKind::NonStringKey | ParseErrorKind::NumberRange => 25,
                _ => 1,
            },
            Self::Parse(error) => match error.kind {
                ParseErrorKind::NonStringKey | ParseErrorKind::NumberRange => 23,
                _ => 2,
            },
            Self::Emit(_) | Self::Splice(_) => 4,
            Self::MacEncryption(_) => 21,
            Self::Encrypt(_) => 23,
            Self::Decrypt(_) => 25,
            Self::MacMismatch { .. } | Self::MacUnreadable(_) => 51,
            Self::Empty => 92,
            Self::Recovery(_) => 128,
            Self::AlreadyEncrypted { .. } => 203,
        }
    }
}

fn prefix(index: usize) -> String {
    if index == 0 {
        String::new()
    } else {
        format!("document {}: ", index + 1)
    }
}
