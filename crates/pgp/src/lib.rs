//! OpenPGP for data keys: one interface, [`OpenPgp`], and who does the work behind it.
//!
//! [`Gpg`] runs GnuPG, with its agent, smart cards and key boxes, exactly as `sops` does.

mod error;
mod gpg;

use nixseal_base::secret::SecretBytes;

pub use error::PgpError;
pub use gpg::Gpg;

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
}
