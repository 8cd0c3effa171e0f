//! What a recipient and an identity can do.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::FileKey;

/// One recipient's wrapped file key in a header: `-> tag args…` and a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// First argument, the kind: `X25519`, `ssh-ed25519`, …
    pub tag: String,
    /// The other arguments.
    pub args: Vec<String>,
    /// Body, decoded.
    pub body: Vec<u8>,
}

/// What wrapping gave: stanzas, and the labels that all recipients of a file
/// must share (C2SP age-plugin, "Labels").
#[derive(Debug, Default)]
pub struct Wrapped {
    /// At least one stanza.
    pub stanzas: Vec<Stanza>,
    /// For example `postquantum`; usually none.
    pub labels: BTreeSet<String>,
}

/// Somebody a file can be encrypted to. Shown as it is written in rules.
pub trait Recipient: fmt::Display + Send + Sync {
    /// Wraps `file_key` for this recipient.
    ///
    /// # Errors
    /// When a plugin fails or there is no randomness.
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError>;
}

/// Something that can open files. Shown without its secret, for messages.
pub trait Identity: fmt::Display + Send + Sync {
    /// Looks for a stanza of its own and unwraps the file key.
    ///
    /// # Errors
    /// [`UnwrapError::NoMatch`] when no stanza is for this identity; the other
    /// kinds when one seems to be, but cannot be opened.
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError>;
}

/// Pointers to a recipient or an identity are one too, so that lists may hold
/// either.
macro_rules! through_pointers {
    ($($pointer:ty),+) => {$(
        impl<T: Recipient + ?Sized> Recipient for $pointer {
            fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
                (**self).wrap(file_key)
            }
        }

        impl<T: Identity + ?Sized> Identity for $pointer {
            fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
                (**self).unwrap(stanzas)
            }
        }
    )+};
}

through_pointers!(&T, Arc<T>, Box<T>);

/// Why a recipient could not wrap.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The system gives no randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The recipient's key is not usable.
    #[error("cannot encrypt to '{recipient}': {reason}")]
    Refused {
        /// The recipient as written.
        recipient: String,
        /// Why.
        reason: String,
    },
}

/// Why an identity did not open a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapError {
    /// No stanza is for this identity.
    #[error("the file is not encrypted to it")]
    NoMatch,
    /// A stanza that this identity understands is malformed: the file is
    /// refused as a whole.
    #[error("malformed {tag} stanza: {reason}")]
    Malformed {
        /// Kind of the stanza.
        tag: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is encrypted to a passphrase, but to another one.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The identity is locked, absent or broken.
    #[error("{0}")]
    Unusable(String),
}
