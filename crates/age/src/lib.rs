//! age files (<https://age-encryption.org/v1>): header, recipients and
//! identities, keyring, seal and open.
//!
//! Two small traits carry every kind of key: [`Recipient`] wraps a file key
//! into stanzas, [`Identity`] unwraps one. X25519, post-quantum, SSH,
//! passphrases and plugins are implementations, never branches in callers.

mod file_key;
mod traits;

pub use file_key::FileKey;
pub use traits::{Identity, Recipient, Stanza, UnwrapError, WrapError, Wrapped};
