//! X25519: `age1…` and `AGE-SECRET-KEY-1…` (C2SP age, "The X25519 recipient
//! type").

use std::fmt;

use nixseal_base::secret::SecretText;
use x25519_dalek::{PublicKey, SharedSecret, StaticSecret};
use zeroize::Zeroizing;

use super::{KeyError, check_body, malformed, only_argument, parse_identity, parse_recipient};
use crate::{
    FileKey, Identity, Recipient, Stanza, UnwrapError, WrapError, Wrapped, bech32, derive, encoding,
};

const TAG: &str = "X25519";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
const RECIPIENT_PREFIX: &str = "age";
const IDENTITY_PREFIX: &str = "AGE-SECRET-KEY-";

/// The classic public key, `age1…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct X25519Recipient(PublicKey);

impl X25519Recipient {
    /// Takes a raw Curve25519 point.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(PublicKey::from(bytes))
    }

    /// Reads `age1…`.
    ///
    /// # Errors
    /// When the text is not Bech32, has another prefix or length, or the key is
    /// one that gives everybody the same secret.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = parse_recipient(text, RECIPIENT_PREFIX)?;
        let bytes: [u8; 32] = bytes
            .try_into()
            .map_err(|_| KeyError::recipient(text, "it does not have 32 bytes"))?;
        if is_low_order(bytes) {
            return Err(KeyError::recipient(
                text,
                "it is not a usable key, its order is low",
            ));
        }
        Ok(Self::from_bytes(bytes))
    }

    /// The raw Curve25519 point.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for X25519Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&bech32::encode_lower(RECIPIENT_PREFIX, self.0.as_bytes()))
    }
}

impl Recipient for X25519Recipient {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        let ephemeral = random_secret()?;
        let share = PublicKey::from(&ephemeral);
        let key =
            wrapping_key(&ephemeral.diffie_hellman(&self.0), &share, &self.0).ok_or_else(|| {
                WrapError::Refused {
                    recipient: self.to_string(),
                    reason: "it is not a usable key, its order is low".to_owned(),
                }
            })?;
        let stanza = Stanza {
            tag: TAG.to_owned(),
            args: vec![encoding::encode(share.as_bytes())],
            body: derive::wrap_file_key(&key, file_key),
        };
        Ok(Wrapped {
            stanzas: vec![stanza],
            ..Wrapped::default()
        })
    }
}

/// The classic secret key, `AGE-SECRET-KEY-1…`. Shown by its public key.
#[derive(Clone)]
pub struct X25519Identity {
    secret: StaticSecret,
    public: PublicKey,
}

impl X25519Identity {
    /// A fresh key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        random_secret().map(Self::new)
    }

    /// Takes a raw Curve25519 scalar.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self::new(StaticSecret::from(*bytes))
    }

    /// Reads `AGE-SECRET-KEY-1…`.
    ///
    /// # Errors
    /// When the text is not Bech32 or has another prefix or length; the text is
    /// not repeated.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        parse_identity(text, IDENTITY_PREFIX).map(|bytes| Self::from_bytes(&bytes))
    }

    /// The public half.
    pub fn recipient(&self) -> X25519Recipient {
        X25519Recipient(self.public)
    }

    /// `AGE-SECRET-KEY-1…`, to be written to a key file.
    pub fn to_secret_text(&self) -> SecretText {
        SecretText::new(bech32::encode_upper(
            IDENTITY_PREFIX,
            self.secret.as_bytes(),
        ))
    }

    fn new(secret: StaticSecret) -> Self {
        let public = PublicKey::from(&secret);
        Self { secret, public }
    }

    fn unwrap_one(&self, stanza: &Stanza) -> Result<Option<FileKey>, UnwrapError> {
        let share = encoding::decode_array(only_argument(stanza)?)
            .map_err(|reason| malformed(stanza, reason))?;
        let share = PublicKey::from(share);
        let secret = self.secret.diffie_hellman(&share);
        let Some(key) = wrapping_key(&secret, &share, &self.public) else {
            return Err(malformed(stanza, "the ephemeral share is of low order"));
        };
        check_body(stanza)?;
        Ok(derive::unwrap_file_key(&key, &stanza.body))
    }
}

impl fmt::Display for X25519Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.recipient().fmt(formatter)
    }
}

impl fmt::Debug for X25519Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "X25519Identity({self})")
    }
}

impl Identity for X25519Identity {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        for stanza in stanzas.iter().filter(|stanza| stanza.tag == TAG) {
            if let Some(file_key) = self.unwrap_one(stanza)? {
                return Ok(file_key);
            }
        }
        Err(UnwrapError::NoMatch)
    }
}

/// The key that wraps the file key; `None` when the other side's point is of
/// low order, so that the secret would be known to everybody.
fn wrapping_key(
    secret: &SharedSecret,
    share: &PublicKey,
    recipient: &PublicKey,
) -> Option<Zeroizing<[u8; 32]>> {
    if !secret.was_contributory() {
        return None;
    }
    let salt = [*share.as_bytes(), *recipient.as_bytes()].concat();
    Some(derive::hkdf(&salt, secret.as_bytes(), LABEL))
}

/// Whether a point gives the all-zero secret. That depends on the point alone,
/// because every scalar is clamped to a multiple of the cofactor.
pub(super) fn is_low_order(point: [u8; 32]) -> bool {
    let anybody = StaticSecret::from([1; 32]);
    !anybody
        .diffie_hellman(&PublicKey::from(point))
        .was_contributory()
}

fn random_secret() -> Result<StaticSecret, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(StaticSecret::from(*bytes))
}
