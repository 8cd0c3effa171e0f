//! The OpenSSH private key format (OpenSSH's `PROTOCOL.key`).

use nixseal_base::secret::{SecretBytes, SecretText};
use ssh_cipher::Cipher;
use zeroize::Zeroizing;

use super::private_key::{Ed25519PrivateKey, RsaPrivateKey, SshPrivateKey};
use super::wire::Reader;
use super::{SshKeyError, SshPublicKey, rsa_key};

const MAGIC: &[u8] = b"openssh-key-v1\0";
/// More rounds than anybody waits for; `ssh-keygen` makes 16 (24 since 9.4).
const MAXIMUM_ROUNDS: u32 = 1_000_000;
/// Length of the tag of the authenticated ciphers, bytes.
const TAG: usize = 16;

const CIPHERS: [Cipher; 10] = [
    Cipher::Aes128Cbc,
    Cipher::Aes192Cbc,
    Cipher::Aes256Cbc,
    Cipher::Aes128Ctr,
    Cipher::Aes192Ctr,
    Cipher::Aes256Ctr,
    Cipher::Aes128Gcm,
    Cipher::Aes256Gcm,
    Cipher::ChaCha20Poly1305,
    Cipher::TdesCbc,
];

/// One key file; the private part still as it is stored.
pub(super) struct OpenSshKey {
    public: SshPublicKey,
    protection: Option<Protection>,
    private: SecretBytes,
    tag: Vec<u8>,
}

struct Protection {
    cipher: Cipher,
    salt: Vec<u8>,
    rounds: u32,
}

impl OpenSshKey {
    pub(super) fn parse(data: &SecretBytes) -> Result<Self, SshKeyError> {
        let rest = data
            .expose()
            .strip_prefix(MAGIC)
            .ok_or_else(|| SshKeyError::malformed("not an OpenSSH private key"))?;
        let mut reader = Reader::new(rest);
        let cipher = reader.text()?;
        let derivation = reader.text()?;
        let options = reader.string()?;
        let protection = read_protection(cipher, derivation, options)?;
        if reader.number()? != 1 {
            return Err(SshKeyError::malformed("the file must hold exactly one key"));
        }
        let public = SshPublicKey::from_wire(reader.string()?)?;
        Ok(Self {
            public,
            protection,
            private: SecretBytes::copy_of(reader.string()?),
            tag: reader.rest().to_vec(),
        })
    }

    pub(super) fn public(&self) -> &SshPublicKey {
        &self.public
    }

    pub(super) fn needs_passphrase(&self) -> bool {
        self.protection.is_some()
    }

    pub(super) fn unlock(
        &self,
        passphrase: Option<&SecretText>,
    ) -> Result<SshPrivateKey, SshKeyError> {
        let Some(protection) = &self.protection else {
            return read_private(self.private.expose());
        };
        let passphrase = passphrase.ok_or(SshKeyError::PassphraseNeeded)?;
        let mut private = Zeroizing::new(self.private.expose().to_vec());
        protection.decrypt(passphrase, &mut private, &self.tag)?;
        read_private(&private)
    }
}

fn read_protection(
    cipher: &str,
    derivation: &str,
    options: &[u8],
) -> Result<Option<Protection>, SshKeyError> {
    match (cipher, derivation) {
        ("none", "none") => return Ok(None),
        (_, "bcrypt") => {}
        _ => return Err(SshKeyError::UnsupportedProtection(derivation.to_owned())),
    }
    let cipher = CIPHERS
        .into_iter()
        .find(|known| known.as_str() == cipher)
        .ok_or_else(|| SshKeyError::UnsupportedProtection(cipher.to_owned()))?;
    let mut reader = Reader::new(options);
    let salt = reader.string()?.to_vec();
    let rounds = reader.number()?;
    if rounds == 0 || rounds > MAXIMUM_ROUNDS || salt.is_empty() {
        let reason = format!("bcrypt with {rounds} rounds");
        return Err(SshKeyError::UnsupportedProtection(reason));
    }
    Ok(Some(Protection {
        cipher,
        salt,
        rounds,
    }))
}

impl Protection {
    fn decrypt(
        &self,
        passphrase: &SecretText,
        private: &mut [u8],
        tag: &[u8],
    ) -> Result<(), SshKeyError> {
        let (key_length, iv_length) = match self.cipher {
            // OpenSSH derives 64 bytes, of which one key file uses the first
            // half, and counts packets from zero instead of deriving a nonce.
            Cipher::ChaCha20Poly1305 => (64, 0),
            other => other.key_and_iv_size().unwrap_or((0, 0)),
        };
        let mut derived = Zeroizing::new(vec![0; key_length + iv_length]);
        bcrypt_pbkdf::bcrypt_pbkdf(
            passphrase.expose(),
            &self.salt,
            self.rounds,
            derived.as_mut_slice(),
        )
        // An empty passphrase, which protects nothing.
        .map_err(|_| SshKeyError::WrongPassphrase)?;
        let (key, iv) = match self.cipher {
            Cipher::ChaCha20Poly1305 => (derived.split_at(32).0, [0; 8].as_slice()),
            _ => derived.split_at(key_length),
        };
        let tag = match (self.cipher.has_tag(), tag.len()) {
            (false, 0) => None,
            (true, TAG) => tag.try_into().ok(),
            _ => return Err(SshKeyError::malformed("wrong length of the data's end")),
        };
        if !private.len().is_multiple_of(self.cipher.block_size()) {
            return Err(SshKeyError::malformed(
                "the protected part has an odd length",
            ));
        }
        self.cipher
            .decrypt(key, iv, private, tag)
            .map_err(|_| SshKeyError::WrongPassphrase)
    }
}

/// The decrypted part: two equal check numbers, the key, a comment, padding.
fn read_private(bytes: &[u8]) -> Result<SshPrivateKey, SshKeyError> {
    let mut reader = Reader::new(bytes);
    if reader.number()? != reader.number()? {
        return Err(SshKeyError::WrongPassphrase);
    }
    let key = match reader.text()? {
        "ssh-ed25519" => read_ed25519(&mut reader)?,
        "ssh-rsa" => read_rsa(&mut reader)?,
        other => return Err(SshKeyError::UnsupportedType(other.to_owned())),
    };
    let comment = String::from_utf8_lossy(reader.string()?).into_owned();
    let padded = reader.rest().iter().zip(1_u8..=255);
    if padded.into_iter().any(|(byte, expected)| *byte != expected) {
        return Err(SshKeyError::malformed("the padding is damaged"));
    }
    Ok(key.with_comment(&comment))
}

fn read_ed25519(reader: &mut Reader<'_>) -> Result<SshPrivateKey, SshKeyError> {
    let damaged = || SshKeyError::malformed("the ed25519 key has a wrong length");
    let public = reader.string()?.try_into().map_err(|_| damaged())?;
    let (seed, _public) = reader.string()?.split_at_checked(32).ok_or_else(damaged)?;
    let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| damaged())?);
    let key = Ed25519PrivateKey::from_seed(&seed, Some(public))?;
    Ok(SshPrivateKey::Ed25519(key))
}

fn read_rsa(reader: &mut Reader<'_>) -> Result<SshPrivateKey, SshKeyError> {
    let modulus = reader.positive()?;
    let public_exponent = reader.positive()?;
    let private_exponent = reader.positive()?;
    let _coefficient = reader.positive()?;
    let primes = [reader.positive()?, reader.positive()?];
    let numbers = rsa_key::private_key(modulus, public_exponent, private_exponent, primes)?;
    Ok(SshPrivateKey::Rsa(Box::new(RsaPrivateKey::new(numbers)?)))
}
