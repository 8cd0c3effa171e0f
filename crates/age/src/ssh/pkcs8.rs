//! PKCS#8 private keys (RFC 5958), plain and encrypted (RFC 8018, PBES2).

use nixseal_base::secret::{SecretBytes, SecretText};
use pkcs8::der::Decode as _;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::SshKeyError;
use super::private_key::{Ed25519PrivateKey, SshPrivateKey, pkcs1_private};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The DER of one key.
pub(super) struct Pkcs8 {
    der: SecretBytes,
    encrypted: bool,
}

impl Pkcs8 {
    pub(super) fn plain(der: SecretBytes) -> Self {
        Self {
            der,
            encrypted: false,
        }
    }

    pub(super) fn encrypted(der: SecretBytes) -> Self {
        Self {
            der,
            encrypted: true,
        }
    }

    pub(super) fn needs_passphrase(&self) -> bool {
        self.encrypted
    }

    pub(super) fn unlock(
        &self,
        passphrase: Option<&SecretText>,
    ) -> Result<SshPrivateKey, SshKeyError> {
        if !self.encrypted {
            return read(self.der.expose());
        }
        let passphrase = passphrase.ok_or(SshKeyError::PassphraseNeeded)?;
        let info = EncryptedPrivateKeyInfoRef::from_der(self.der.expose())
            .map_err(|_| SshKeyError::malformed("the PKCS#8 key is damaged"))?;
        if info.encryption_algorithm.pbes2().is_none() {
            return Err(SshKeyError::UnsupportedProtection("PBES1".to_owned()));
        }
        let document = info
            .decrypt(passphrase.expose())
            .map_err(|_| SshKeyError::WrongPassphrase)?;
        read(document.as_bytes()).map_err(|error| match error {
            SshKeyError::Malformed(_) => SshKeyError::WrongPassphrase,
            other => other,
        })
    }
}

fn read(der: &[u8]) -> Result<SshPrivateKey, SshKeyError> {
    let damaged = || SshKeyError::malformed("the PKCS#8 key is damaged");
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| damaged())?;
    let inner = info.private_key.as_bytes();
    match info.algorithm.oid {
        RSA => pkcs1_private(inner),
        ED25519 => {
            // RFC 8410: an OCTET STRING with the seed inside the OCTET STRING.
            let seed = inner.strip_prefix(&[4, 32]).ok_or_else(damaged)?;
            let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| damaged())?);
            let key = Ed25519PrivateKey::from_seed(&seed, None)?;
            Ok(SshPrivateKey::Ed25519(key))
        }
        other => Err(SshKeyError::UnsupportedType(other.to_string())),
    }
}
