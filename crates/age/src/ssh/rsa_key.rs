//! RSA with the parameters of age: OAEP, SHA-256, a label of its own.

use rsa::oaep::{DecryptingKey, EncryptingKey};
use rsa::traits::{Decryptor as _, PublicKeyParts as _, RandomizedEncryptor as _};
use rsa::{BoxedUint, PrivateKey, PublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{SshKeyError, SshPublicKey};
use crate::FileKey;

const LABEL: &[u8] = b"age-encryption.org/v1/ssh-rsa";
/// Go age: keys whose modulus has under 256 bytes are refused.
const MINIMUM_BYTES: usize = 256;
/// The largest modulus OpenSSH makes.
const MAXIMUM_BITS: usize = 16384;

/// Encrypts to a public key.
pub(super) struct Sealer(EncryptingKey<Sha256>);

impl Sealer {
    pub(super) fn new(exponent: &[u8], modulus: &[u8]) -> Result<Self, SshKeyError> {
        let bits = modulus_bits(modulus);
        if modulus.len() < MINIMUM_BYTES {
            return Err(SshKeyError::WeakRsa { bits });
        }
        let key = PublicKey::new_with_size_limits(
            number(modulus)?,
            number(exponent)?,
            PublicKey::MIN_SIZE..=MAXIMUM_BITS,
        );
        let key = key.map_err(|_| SshKeyError::malformed("the RSA numbers make no key"))?;
        Ok(Self(EncryptingKey::new_with_label(key, LABEL)))
    }

    /// Nothing when there is no randomness.
    pub(super) fn seal(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.0
            .encrypt_with_rng(&mut getrandom::SysRng, message)
            .ok()
    }
}

/// Decrypts with a private key.
pub(super) struct Opener(DecryptingKey<Sha256>);

impl Opener {
    pub(super) fn new(key: PrivateKey) -> Self {
        Self(DecryptingKey::new_with_label(key, LABEL))
    }

    pub(super) fn open(&self, ciphertext: &[u8]) -> Option<FileKey> {
        let bytes = Zeroizing::new(self.0.decrypt(ciphertext).ok()?);
        Some(FileKey::new(bytes.as_slice().try_into().ok()?))
    }
}

/// Builds a private key from the big-endian numbers that SSH stores.
pub(super) fn private_key(
    modulus: &[u8],
    public_exponent: &[u8],
    private_exponent: &[u8],
    primes: [&[u8]; 2],
) -> Result<PrivateKey, SshKeyError> {
    if modulus_bits(modulus) > MAXIMUM_BITS {
        return Err(SshKeyError::malformed("the RSA modulus is too large"));
    }
    let [first, second] = primes;
    PrivateKey::from_components(
        number(modulus)?,
        number(public_exponent)?,
        number(private_exponent)?,
        vec![number(first)?, number(second)?],
    )
    .map_err(|_| SshKeyError::malformed("the RSA numbers make no key"))
}

/// The public half.
pub(super) fn public_half(key: &PrivateKey) -> Result<SshPublicKey, SshKeyError> {
    SshPublicKey::rsa(&key.e_bytes(), &key.n_bytes())
}

fn modulus_bits(modulus: &[u8]) -> usize {
    let unused = modulus
        .first()
        .map_or(0, |first| first.leading_zeros() as usize);
    modulus.len() * 8 - unused
}

fn number(bytes: &[u8]) -> Result<BoxedUint, SshKeyError> {
    let bits = u32::try_from(bytes.len().max(1) * 8).unwrap_or(u32::MAX);
    BoxedUint::from_be_slice(bytes, bits)
        .map_err(|_| SshKeyError::malformed("an RSA number is too large"))
}
