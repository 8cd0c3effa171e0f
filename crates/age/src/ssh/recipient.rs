//! Wrapping a file key for an SSH key.

use std::fmt;

use zeroize::Zeroizing;

use super::public_key::PublicNumbers;
use super::rsa_key::Sealer;
use super::{SshKeyError, SshPublicKey, curve};
use crate::{FileKey, Recipient, Stanza, WrapError, Wrapped, derive, encoding};

const ED25519_LABEL: &[u8] = b"age-encryption.org/v1/ssh-ed25519";

/// An SSH public key as a recipient.
pub struct SshRecipient {
    key: SshPublicKey,
    kind: Kind,
}

enum Kind {
    Ed25519 { x25519: [u8; 32] },
    Rsa(Sealer),
}

impl SshRecipient {
    /// Makes a recipient of a key.
    ///
    /// # Errors
    /// [`SshKeyError::WeakRsa`] for RSA under 2048 bits, as Go age.
    pub fn new(key: SshPublicKey) -> Result<Self, SshKeyError> {
        let kind = match key.numbers() {
            PublicNumbers::Ed25519 { x25519, .. } => Kind::Ed25519 { x25519: *x25519 },
            PublicNumbers::Rsa { exponent, modulus } => Kind::Rsa(Sealer::new(exponent, modulus)?),
        };
        Ok(Self { key, kind })
    }

    /// The key itself.
    pub fn key(&self) -> &SshPublicKey {
        &self.key
    }

    fn refused(&self, reason: &str) -> WrapError {
        WrapError::Refused {
            recipient: self.to_string(),
            reason: reason.to_owned(),
        }
    }

    fn wrap_ed25519(&self, x25519: &[u8; 32], file_key: &FileKey) -> Result<Stanza, WrapError> {
        let mut ephemeral = Zeroizing::new([0; 32]);
        getrandom::fill(ephemeral.as_mut_slice())?;
        let share = curve::x25519_public(&ephemeral);
        let key = wrapping_key(&self.key, x25519, &ephemeral, x25519, &share)
            .ok_or_else(|| self.refused("the key is a point of low order"))?;
        Ok(Stanza {
            tag: self.key.algorithm().name().to_owned(),
            args: vec![self.key.tag(), encoding::encode(&share)],
            body: derive::wrap_file_key(&key, file_key),
        })
    }
}

impl fmt::Display for SshRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(formatter)
    }
}

impl Recipient for SshRecipient {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        let stanza = match &self.kind {
            Kind::Ed25519 { x25519 } => self.wrap_ed25519(x25519, file_key)?,
            Kind::Rsa(sealer) => Stanza {
                tag: self.key.algorithm().name().to_owned(),
                args: vec![self.key.tag()],
                body: sealer
                    .seal(file_key.expose())
                    .ok_or_else(|| self.refused("RSA encryption failed"))?,
            },
        };
        Ok(Wrapped {
            stanzas: vec![stanza],
            ..Wrapped::default()
        })
    }
}

/// The key that both sides derive (age v1, "The ssh-ed25519 recipient type"):
/// Diffie-Hellman of `scalar` with `point`, tweaked by the SSH key, then HKDF
/// over both public sides. Nothing for points of low order.
pub(super) fn wrapping_key(
    key: &SshPublicKey,
    recipient: &[u8; 32],
    scalar: &[u8; 32],
    point: &[u8; 32],
    share: &[u8; 32],
) -> Option<Zeroizing<[u8; 32]>> {
    let tweak = derive::hkdf(key.wire(), &[], ED25519_LABEL);
    let shared = curve::x25519(scalar, point)?;
    let shared = curve::x25519(&tweak, &shared)?;
    let salt = [share.as_slice(), recipient.as_slice()].concat();
    Some(derive::hkdf(&salt, shared.as_slice(), ED25519_LABEL))
}
