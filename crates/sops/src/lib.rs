//! The SOPS file format, as `sops` 3.13.3 reads and writes it: encrypted values in a document
//! whose keys stay readable, a MAC over all values, and metadata that wraps the data key for
//! every recipient.
//!
//! Everything here is pure: files, clocks and processes stay with the callers.

pub mod change;
pub mod config;
mod data_key;
mod envelope;
mod error;
pub mod file;
pub mod key_groups;
mod mac;
pub mod master_key;
mod metadata;
mod pattern;
mod plain;
mod selector;
mod shamir;
mod stash;
mod value;
mod walk;

pub use data_key::DataKey;
pub use envelope::{DecryptOptions, Decrypted, Envelope, MetadataPlace};
pub use error::Error;
pub use file::{DecryptedFile, EncryptedFile, Layout, stored_format};
pub use metadata::{
    KeyGroup, KeyId, KeyKind, Metadata, MetadataError, Moment, SOPS_VERSION, WrappedKey,
};
pub use selector::{DEFAULT_UNENCRYPTED_SUFFIX, InvalidRegex, Selector, SelectorKind};
pub use shamir::ShamirError;
pub use stash::Stash;
pub use value::ValueError;
pub use walk::{Fault, ListComments, WalkError, selects};
