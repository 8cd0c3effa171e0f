//! SSH private keys: files as they are found, and keys once unlocked.

use std::fmt;

use nixseal_base::secret::{SecretBytes, SecretText};
use rsa::pkcs1::der::Decode as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use zeroize::Zeroizing;

use super::legacy::LegacyPem;
use super::openssh::OpenSshKey;
use super::pem::Pem;
use super::pkcs8::Pkcs8;
use super::public_key::PublicNumbers;
use super::{SshAlgorithm, SshKeyError, SshPublicKey, curve, rsa_key};
use crate::native::X25519Identity;

/// A private key file, read but not unlocked.
pub struct SshKeyFile {
    content: Content,
    public: Option<SshPublicKey>,
}

enum Content {
    OpenSsh(OpenSshKey),
    Pkcs1(SecretBytes),
    Legacy(LegacyPem),
    Pkcs8(Pkcs8),
}

impl SshKeyFile {
    /// Reads the OpenSSH format, PKCS#1 (plain or with `Proc-Type` encryption)
    /// and PKCS#8 (plain or encrypted). Nothing secret is decoded yet.
    ///
    /// # Errors
    /// When the text is none of these, or holds a type of key that age lacks.
    pub fn parse(bytes: &[u8]) -> Result<Self, SshKeyError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| SshKeyError::malformed("an SSH private key file is text"))?;
        let pem = Pem::parse(text)?;
        let encrypted = pem
            .header("Proc-Type")
            .is_some_and(|value| value.contains("ENCRYPTED"));
        let (content, public) = match pem.label.as_str() {
            "OPENSSH PRIVATE KEY" => {
                let key = OpenSshKey::parse(&pem.data)?;
                let public = key.public().clone();
                (Content::OpenSsh(key), Some(public))
            }
            "RSA PRIVATE KEY" if encrypted => (Content::Legacy(LegacyPem::parse(&pem)?), None),
            "RSA PRIVATE KEY" => {
                let public = pkcs1_public(pem.data.expose())?;
                (Content::Pkcs1(pem.data), Some(public))
            }
            "PRIVATE KEY" => {
                let key = Pkcs8::plain(pem.data);
                let public = key.unlock(None)?.public().clone();
                (Content::Pkcs8(key), Some(public))
            }
            "ENCRYPTED PRIVATE KEY" => (Content::Pkcs8(Pkcs8::encrypted(pem.data)), None),
            "EC PRIVATE KEY" => return Err(SshKeyError::UnsupportedType("ecdsa".to_owned())),
            "DSA PRIVATE KEY" => return Err(SshKeyError::UnsupportedType("ssh-dss".to_owned())),
            other => {
                return Err(SshKeyError::malformed(format!(
                    "'{other}' is not an SSH private key"
                )));
            }
        };
        Ok(Self { content, public })
    }

    /// The public half where it can be read without a passphrase: always in the
    /// OpenSSH format, never in encrypted PEM (there it is set with
    /// [`SshKeyFile::with_public`]).
    pub fn public(&self) -> Option<&SshPublicKey> {
        self.public.as_ref()
    }

    /// The same file with the public half from the `.pub` file beside it.
    #[must_use]
    pub fn with_public(mut self, public: SshPublicKey) -> Self {
        self.public = Some(public);
        self
    }

    /// The type of the key where it is known without a passphrase.
    pub fn algorithm(&self) -> Option<SshAlgorithm> {
        match (&self.public, &self.content) {
            (Some(public), _) => Some(public.algorithm()),
            (None, Content::Legacy(_) | Content::Pkcs1(_)) => Some(SshAlgorithm::Rsa),
            (None, Content::OpenSsh(_) | Content::Pkcs8(_)) => None,
        }
    }

    /// Whether a passphrase protects the private half.
    pub fn needs_passphrase(&self) -> bool {
        match &self.content {
            Content::OpenSsh(key) => key.needs_passphrase(),
            Content::Pkcs1(_) => false,
            Content::Legacy(_) => true,
            Content::Pkcs8(key) => key.needs_passphrase(),
        }
    }

    /// Decodes the private half. The work factor is the file's own; OpenSSH's
    /// default costs about a tenth of a second.
    ///
    /// # Errors
    /// [`SshKeyError::PassphraseNeeded`], [`SshKeyError::WrongPassphrase`], and
    /// [`SshKeyError::Mismatch`] when the public half does not belong to it.
    pub fn unlock(&self, passphrase: Option<&SecretText>) -> Result<SshPrivateKey, SshKeyError> {
        let key = match &self.content {
            Content::OpenSsh(key) => key.unlock(passphrase)?,
            Content::Pkcs1(der) => pkcs1_private(der.expose())?,
            Content::Legacy(key) => {
                let passphrase = passphrase.ok_or(SshKeyError::PassphraseNeeded)?;
                let der = key.decrypt(passphrase)?;
                pkcs1_private(der.expose()).map_err(|_| SshKeyError::WrongPassphrase)?
            }
            Content::Pkcs8(key) => key.unlock(passphrase)?,
        };
        match &self.public {
            Some(public) if public != key.public() => Err(SshKeyError::Mismatch),
            _ => Ok(key),
        }
    }
}

/// An unlocked private key. Never printed.
pub enum SshPrivateKey {
    /// `ssh-ed25519`.
    Ed25519(Ed25519PrivateKey),
    /// `ssh-rsa`.
    Rsa(Box<RsaPrivateKey>),
}

impl SshPrivateKey {
    /// The public half; with the comment where the file has one.
    pub fn public(&self) -> &SshPublicKey {
        match self {
            Self::Ed25519(key) => &key.public,
            Self::Rsa(key) => &key.public,
        }
    }

    /// The key, if it is an ed25519 key.
    pub fn ed25519(&self) -> Option<&Ed25519PrivateKey> {
        match self {
            Self::Ed25519(key) => Some(key),
            Self::Rsa(_) => None,
        }
    }

    /// The key, if it is an RSA key.
    pub fn rsa(&self) -> Option<&RsaPrivateKey> {
        match self {
            Self::Ed25519(_) => None,
            Self::Rsa(key) => Some(key),
        }
    }

    pub(super) fn with_comment(mut self, comment: &str) -> Self {
        let public = match &mut self {
            Self::Ed25519(key) => &mut key.public,
            Self::Rsa(key) => &mut key.public,
        };
        *public = public.clone().with_comment(comment);
        self
    }
}

impl fmt::Debug for SshPrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SshPrivateKey({})", self.public().fingerprint())
    }
}

/// The private half of an `ssh-ed25519` key.
pub struct Ed25519PrivateKey {
    public: SshPublicKey,
    seed: Zeroizing<[u8; 32]>,
}

impl Ed25519PrivateKey {
    /// From the 32-byte seed (RFC 8032, "private key").
    ///
    /// # Errors
    /// [`SshKeyError::Mismatch`] when `public` is given and is not its public half.
    pub fn from_seed(seed: &[u8; 32], public: Option<&[u8; 32]>) -> Result<Self, SshKeyError> {
        let own = curve::seed_to_public(seed);
        if public.is_some_and(|public| *public != own) {
            return Err(SshKeyError::Mismatch);
        }
        Ok(Self {
            public: SshPublicKey::ed25519(own)?,
            seed: Zeroizing::new(*seed),
        })
    }

    /// The public half.
    pub fn public(&self) -> &SshPublicKey {
        &self.public
    }

    /// The ed25519 public key, 32 bytes.
    pub fn public_bytes(&self) -> [u8; 32] {
        match self.public.numbers() {
            PublicNumbers::Ed25519 { key, .. } => *key,
            PublicNumbers::Rsa { .. } => [0; 32],
        }
    }

    /// The seed.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The X25519 scalar that `ssh-to-age` derives, not clamped.
    pub fn x25519_scalar(&self) -> Zeroizing<[u8; 32]> {
        curve::seed_to_x25519(&self.seed)
    }

    /// The identity `AGE-SECRET-KEY-1…` that `ssh-to-age -private-key` prints.
    pub fn age_identity(&self) -> X25519Identity {
        X25519Identity::from_bytes(&self.x25519_scalar())
    }
}

/// The private half of an `ssh-rsa` key.
pub struct RsaPrivateKey {
    public: SshPublicKey,
    numbers: rsa::PrivateKey,
}

impl RsaPrivateKey {
    pub(super) fn new(numbers: rsa::PrivateKey) -> Result<Self, SshKeyError> {
        Ok(Self {
            public: rsa_key::public_half(&numbers)?,
            numbers,
        })
    }

    /// The public half.
    pub fn public(&self) -> &SshPublicKey {
        &self.public
    }

    /// The numbers, checked to belong together.
    pub fn numbers(&self) -> &rsa::PrivateKey {
        &self.numbers
    }

    /// The same numbers for others to compute with.
    pub fn number_bytes(&self) -> RsaNumberBytes {
        let [modulus, public_exponent] = [self.numbers.n_bytes(), self.numbers.e_bytes()];
        let secret = |number: &rsa::BoxedUint| Zeroizing::new(number.to_be_bytes());
        RsaNumberBytes {
            modulus,
            public_exponent,
            private_exponent: secret(self.numbers.d()),
            primes: self
                .numbers
                .primes()
                .iter()
                .map(|prime| secret(prime))
                .collect(),
        }
    }
}

/// The numbers of a private RSA key, big-endian, possibly with zeros before them.
pub struct RsaNumberBytes {
    /// The modulus, n.
    pub modulus: Box<[u8]>,
    /// The public exponent, e.
    pub public_exponent: Box<[u8]>,
    /// The private exponent, d.
    pub private_exponent: Zeroizing<Box<[u8]>>,
    /// The primes; SSH keys have two.
    pub primes: Vec<Zeroizing<Box<[u8]>>>,
}

fn pkcs1_public(der: &[u8]) -> Result<SshPublicKey, SshKeyError> {
    let key = rsa::pkcs1::RsaPrivateKeyRef::from_der(der)
        .map_err(|_| SshKeyError::malformed("the RSA key is damaged"))?;
    SshPublicKey::rsa(key.public_exponent.as_bytes(), key.modulus.as_bytes())
}

pub(super) fn pkcs1_private(der: &[u8]) -> Result<SshPrivateKey, SshKeyError> {
    let key = rsa::pkcs1::RsaPrivateKeyRef::from_der(der)
        .map_err(|_| SshKeyError::malformed("the RSA key is damaged"))?;
    let numbers = rsa_key::private_key(
        key.modulus.as_bytes(),
        key.public_exponent.as_bytes(),
        key.private_exponent.as_bytes(),
        [key.prime1.as_bytes(), key.prime2.as_bytes()],
    )?;
    Ok(SshPrivateKey::Rsa(Box::new(RsaPrivateKey::new(numbers)?)))
}
