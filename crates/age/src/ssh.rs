//! SSH keys as age recipients and identities (age v1, "The ssh-rsa recipient
//! type" and "The ssh-ed25519 recipient type"), and the age keys that
//! `ssh-to-age` derives from them.
//!
//! Every ed25519 key acts as two identities: its own `ssh-ed25519` stanza and
//! the X25519 key derived from it. People encrypt to either, and cannot know
//! which one a tool expects.

mod curve;
mod identity;
mod legacy;
mod openssh;
mod pem;
mod pkcs8;
mod private_key;
mod public_key;
mod recipient;
mod rsa_key;
mod wire;

pub use identity::SshIdentity;
pub use private_key::{
    Ed25519PrivateKey, RsaNumberBytes, RsaPrivateKey, SshKeyFile, SshPrivateKey,
};
pub use public_key::{SshAlgorithm, SshPublicKey};
pub use recipient::SshRecipient;

/// Why an SSH key could not be read. Never contains key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SshKeyError {
    /// The text or file is not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// A key of a type that age has no stanza for.
    #[error("SSH keys of type '{0}' cannot be used with age; use ssh-ed25519 or ssh-rsa")]
    UnsupportedType(String),
    /// Too short to be safe; Go age refuses it too.
    #[error("RSA keys under 2048 bits are not safe; this one has {bits}")]
    WeakRsa {
        /// Size of the modulus.
        bits: usize,
    },
    /// Protected in a way we cannot undo.
    #[error(
        "the key is protected with {0}, which is not supported; \
         change it with `ssh-keygen -p -f KEYFILE`"
    )]
    UnsupportedProtection(String),
    /// A passphrase is needed and none was given.
    #[error("the key is protected with a passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the key.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The private key does not belong to its public half.
    #[error("private and public half do not belong together")]
    Mismatch,
}

impl SshKeyError {
    fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed(reason.into())
    }
}
