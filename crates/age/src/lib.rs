//! age files (<https://age-encryption.org/v1>): header, recipients and
//! identities, keyring, seal and open.
//!
//! Two small traits carry every kind of key: [`Recipient`] wraps a file key
//! into stanzas, [`Identity`] unwraps one. X25519, post-quantum, SSH,
//! passphrases and plugins are implementations, never branches in callers.
//!
//! ```
//! use nixseal_age::{Armor, X25519Identity, decrypt_bytes, encrypt_bytes};
//!
//! let identity = X25519Identity::generate()?;
//! let file = encrypt_bytes(&[identity.recipient()], b"text", Armor::Armored)?;
//! let text = decrypt_bytes(&file, |header| header.unlock(&[&identity]))?;
//! assert_eq!(text.expose(), b"text");
//! # Ok::<(), nixseal_age::Error>(())
//! ```
//!
//! [`encrypt`] and [`OpenFile`] do the same for files of any size, in constant
//! memory; [`Encryptor::writer`] and [`Plaintext::into_reader`] for callers
//! that push or pull.

mod armor;
mod bech32;
mod derive;
mod encoding;
mod error;
mod file_key;
mod header;
pub mod identity_file;
mod input;
pub mod keyring;
mod native;
mod open;
pub mod plugin;
pub mod recipients;
mod seal;
pub mod ssh;
mod stream;
mod traits;

pub use armor::{ARMOR_BEGIN, ARMOR_END, Armor, ArmorReader, ArmorWriter};
pub use error::{Error, PayloadFault};
pub use file_key::FileKey;
pub use header::{Header, MAX_HEADER};
pub use keyring::{CanOpen, Flavour, Interaction, Keyring, OpenFailure, Source};
pub use native::{
    DEFAULT_WORK_FACTOR, HybridIdentity, HybridRecipient, KeyError, MAX_WORK_FACTOR,
    ScryptIdentity, ScryptRecipient, TagRecipient, X25519Identity, X25519Recipient,
};
pub use open::{OpenFile, Plaintext, decrypt_bytes};
pub use recipients::{ParsedRecipient, RecipientError, parse_recipient, parse_recipients_file};
pub use seal::{EncryptWriter, Encryptor, encrypt, encrypt_bytes};
pub use traits::{Identity, Recipient, Stanza, UnwrapError, WrapError, Wrapped};
