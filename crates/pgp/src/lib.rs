//! OpenPGP for data keys: one interface, [`OpenPgp`], and who does the work behind it.
//!
//! [`Keys`] is what a program uses: it works in this process with exported keys and key rings
//! (`KeyFiles`, feature `openpgp`) and turns to [`Gpg`], with its agent and smart cards, for what
//! is not in them. `sops` does it in the same order.
//!
//! The library beneath, rPGP, writes secret numbers to its debug log: logging is compiled out of
//! any program that has this crate.

mod error;
#[cfg(feature = "openpgp")]
mod files;
mod gpg;
mod keys;
#[cfg(feature = "openpgp")]
mod reason;
#[cfg(feature = "openpgp")]
pub mod ssh;
use nixseal_base::secret::SecretBytes;

pub use error::PgpError;
#[cfg(feature = "openpgp")]
pub use files::KeyFiles;
pub use gpg::Gpg;
pub use keys::Keys;

/// Encrypts to OpenPGP keys and decrypts with them. Messages are ASCII-armored.
pub trait OpenPgp: Send + Sync {
    /// Encrypts `plaintext` to one key, named by its fingerprint; a `!` at its end asks for that
    /// very subkey. The armored message has no line end at its end.
    ///
    /// # Errors
    /// When the key is not at hand or not usable.
    fn encrypt(&self, fingerprint: &str, plaintext: &SecretBytes) -> Result<String, PgpError>;

    /// Decrypts an armored message with whichever private key is at hand.
    ///
    /// # Errors
    /// When none is, when it is locked and nobody unlocks it, or the message is damaged.
    fn decrypt(&self, message: &str) -> Result<SecretBytes, PgpError>;

    /// What decrypting `message` takes, as far as can be told without asking or running anything.
    fn readiness(&self, message: &str) -> Readiness;
}

/// What it takes to decrypt a message, cheap before dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// An unlocked key is at hand.
    AtHand,
    /// Another program decides, and may ask by itself.
    Program,
    /// A key is at hand, and its passphrase has to be asked for.
    Question,
    /// It will not work; trying gives the reason.
    Hopeless,
}
