//! The kinds of keys that age itself defines: X25519, hybrid post-quantum,
//! passphrases, and the tags of hardware keys.

mod hybrid;
mod scrypt;
mod sealed;
mod tag;
mod x25519;

pub use hybrid::{HybridIdentity, HybridRecipient};
pub use scrypt::{DEFAULT_WORK_FACTOR, MAX_WORK_FACTOR, ScryptIdentity, ScryptRecipient};
pub use tag::TagRecipient;
pub use x25519::{X25519Identity, X25519Recipient};

use crate::{Stanza, UnwrapError, bech32};

/// Label of recipients that resist quantum computers, who do not mix with
/// others (C2SP age, "The hybrid recipient type").
pub(crate) const POST_QUANTUM: &str = "postquantum";

/// Why a key text is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A recipient, shown as it was written.
    #[error("malformed recipient '{text}': {reason}")]
    Recipient {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A secret key, not shown.
    #[error("malformed secret key: {reason}")]
    Identity {
        /// What is wrong with it.
        reason: String,
    },
}

impl KeyError {
    fn recipient(text: &str, reason: impl Into<String>) -> Self {
        Self::Recipient {
            text: text.to_owned(),
            reason: reason.into(),
        }
    }

    fn identity(reason: impl Into<String>) -> Self {
        Self::Identity {
            reason: reason.into(),
        }
    }
}

/// Decodes a recipient and checks its prefix.
fn parse_recipient(text: &str, prefix: &str) -> Result<Vec<u8>, KeyError> {
    let decoded = bech32::decode(text).map_err(|reason| KeyError::recipient(text, reason))?;
    check_prefix(&decoded, prefix).map_err(|reason| KeyError::recipient(text, reason))?;
    Ok(decoded.bytes.to_vec())
}

/// Decodes a secret key of exactly 32 bytes and checks its prefix.
fn parse_identity(text: &str, prefix: &str) -> Result<zeroize::Zeroizing<[u8; 32]>, KeyError> {
    let decoded = bech32::decode(text).map_err(KeyError::identity)?;
    check_prefix(&decoded, prefix).map_err(KeyError::identity)?;
    let mut key = zeroize::Zeroizing::new([0; 32]);
    if decoded.bytes.len() != key.len() {
        return Err(KeyError::identity("it does not have 32 bytes"));
    }
    key.copy_from_slice(&decoded.bytes);
    Ok(key)
}

/// Prefixes count in their own case (age: recipients lower, secret keys upper).
fn check_prefix(decoded: &bech32::Decoded, expected: &str) -> Result<(), String> {
    if decoded.prefix == expected {
        return Ok(());
    }
    if decoded.prefix.eq_ignore_ascii_case(expected) {
        let case = if expected.starts_with('a') {
            "lower"
        } else {
            "upper"
        };
        return Err(format!("it must be written in {case} case"));
    }
    Err(format!("it does not begin with '{expected}1'"))
}

fn malformed(stanza: &Stanza, reason: impl Into<String>) -> UnwrapError {
    UnwrapError::Malformed {
        tag: stanza.tag.clone(),
        reason: reason.into(),
    }
}

/// The only argument of a stanza.
fn only_argument(stanza: &Stanza) -> Result<&str, UnwrapError> {
    match stanza.args.as_slice() {
        [only] => Ok(only),
        others => Err(malformed(
            stanza,
            format!("{} arguments instead of one", others.len()),
        )),
    }
}

/// Checks the body's length before anything is decrypted: short texts cannot be
/// made to open under many keys (C2SP age, "Recipient stanza").
fn check_body(stanza: &Stanza) -> Result<(), UnwrapError> {
    if stanza.body.len() == crate::derive::WRAPPED_SIZE {
        return Ok(());
    }
    Err(malformed(
        stanza,
        "the wrapped file key does not have 32 bytes",
    ))
}
