//! What can be wrong with an age file.

use std::io;

use crate::{UnwrapError, WrapError};

/// Why a file could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first bytes are not those of an age file.
    #[error("not an age file: {reason}")]
    NotAge {
        /// What it seems to be.
        reason: String,
    },
    /// The header breaks a rule of the format.
    #[error("malformed age header, line {line}: {reason}")]
    Header {
        /// Line of the header, from 1.
        line: usize,
        /// The broken rule.
        reason: String,
    },
    /// The ASCII armor breaks a rule of the format.
    #[error("malformed armor, line {line}: {reason}")]
    Armor {
        /// Line of the armored text, from 1.
        line: usize,
        /// The broken rule.
        reason: String,
    },
    /// The header does not belong to the file key that was unwrapped.
    #[error("the header was changed after encryption: its authentication code does not match")]
    BadMac,
    /// The payload does not authenticate.
    #[error("the payload is damaged at chunk {chunk} (byte {offset} of the text): {reason}")]
    Payload {
        /// Number of the chunk, from 0.
        chunk: u64,
        /// Where in the plaintext the chunk begins.
        offset: u64,
        /// What is wrong with it.
        reason: PayloadFault,
    },
    /// Nobody could open the result.
    #[error("no recipients, nobody could open the file")]
    NoRecipients,
    /// A recipient refused.
    #[error("{0}")]
    Wrap(#[from] WrapError),
    /// Post-quantum and classic recipients in one file.
    #[error(
        "'{post_quantum}' is a post-quantum recipient and '{classic}' is not: together they \
         would leave the file open to quantum computers"
    )]
    MixedSecurity {
        /// A recipient that wants company of its own kind.
        post_quantum: String,
        /// A recipient that is not.
        classic: String,
    },
    /// Recipients that ask for different company.
    #[error("recipients '{first}' and '{second}' cannot be used for the same file")]
    Incompatible {
        /// The first recipient.
        first: String,
        /// The first that does not fit to it.
        second: String,
    },
    /// A passphrase beside other recipients.
    #[error("a passphrase cannot be combined with other recipients")]
    PassphraseNotAlone,
    /// An identity that should open the file is broken.
    #[error("{identity}: {source}")]
    Unwrap {
        /// The identity, without its secret.
        identity: String,
        /// What went wrong.
        source: UnwrapError,
    },
    /// None of the identities opens the file.
    #[error("no identity opens the file, it is encrypted to {}", list_kinds(.kinds))]
    NoMatch {
        /// The kinds of stanzas in the header, in order.
        kinds: Vec<String>,
    },
    /// The file is encrypted to another passphrase.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The input could not be read.
    #[error("cannot read: {0}")]
    Read(#[source] io::Error),
    /// The output could not be written.
    #[error("cannot write: {0}")]
    Write(#[source] io::Error),
    /// The system gives no randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// What is wrong with a chunk of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadFault {
    /// The bytes are not those that were encrypted.
    #[error("it does not authenticate, the file is corrupted or was tampered with")]
    Corrupted,
    /// The file ends without the chunk that is marked as the last.
    #[error("the end is missing, the file was cut off")]
    Truncated,
    /// Something follows the last chunk.
    #[error("there is more data after the end")]
    TrailingData,
    /// The last chunk is empty though it is not the only one.
    #[error("the last chunk is empty, which the format forbids")]
    EmptyLastChunk,
}

impl Error {
    /// The error behind an [`io::Error`] that one of this crate's readers
    /// gave, or else [`Error::Read`].
    pub fn from_read(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(error) => Self::Read(error),
        }
    }

    /// The same for a writer, or else [`Error::Write`].
    pub fn from_write(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(error) => Self::Write(error),
        }
    }

    /// Packed for a [`Read`](io::Read) implementation; input errors keep their kind.
    pub(crate) fn into_io(self) -> io::Error {
        match self {
            Self::Read(error) | Self::Write(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }
}

/// `2 × X25519, ssh-ed25519`, in the order of first appearance.
fn list_kinds(kinds: &[String]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for kind in kinds {
        match counted.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count += 1,
            None => counted.push((kind, 1)),
        }
    }
    if counted.is_empty() {
        return "nobody".to_owned();
    }
    let parts: Vec<String> = counted
        .iter()
        .map(|(kind, count)| match count {
            1 => (*kind).to_owned(),
            count => format!("{count} × {kind}"),
        })
        .collect();
    parts.join(", ")
}
