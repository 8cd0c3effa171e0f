//! Hybrid post-quantum keys, ML-KEM-768 with X25519: `age1pq1…` and
//! `AGE-SECRET-KEY-PQ-1…`, as Go age 1.3 writes them (C2SP age, "The hybrid
//! recipient type").

use std::fmt;

use hpke::kem::XWing;
use hpke::{Deserializable, Kem, Serializable};
use nixseal_base::secret::SecretText;
use zeroize::Zeroizing;

use super::{
    KeyError, POST_QUANTUM, check_body, malformed, only_argument, parse_identity, parse_recipient,
    sealed, x25519,
};
use crate::{
    FileKey, Identity, Recipient, Stanza, UnwrapError, WrapError, Wrapped, bech32, encoding,
};

const TAG: &str = "mlkem768x25519";
const LABEL: &[u8] = b"age-encryption.org/mlkem768x25519";
const RECIPIENT_PREFIX: &str = "age1pq";
const IDENTITY_PREFIX: &str = "AGE-SECRET-KEY-PQ-";

/// Length of an encapsulated key: an ML-KEM ciphertext and an X25519 share.
const ENCAPSULATED: usize = 1088 + 32;

/// The post-quantum public key, `age1pq1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct HybridRecipient(<XWing as Kem>::PublicKey);

impl HybridRecipient {
    /// Reads `age1pq1…`.
    ///
    /// # Errors
    /// When the text is not Bech32, has another prefix or length, or one of its
    /// two keys is not usable.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = parse_recipient(text, RECIPIENT_PREFIX)?;
        let error = |reason: &str| KeyError::recipient(text, reason);
        let key = <XWing as Kem>::PublicKey::from_bytes(&bytes)
            .map_err(|_| error("it is not an ML-KEM-768 and an X25519 key"))?;
        if x25519_half(&bytes).is_none_or(x25519::is_low_order) {
            return Err(error("its X25519 half is not usable, its order is low"));
        }
        Ok(Self(key))
    }
}

impl fmt::Display for HybridRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&bech32::encode_lower(RECIPIENT_PREFIX, &self.0.to_bytes()))
    }
}

impl fmt::Debug for HybridRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HybridRecipient({self})")
    }
}

impl Recipient for HybridRecipient {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        let (share, body) =
            sealed::wrap::<XWing>(&self.0, LABEL, file_key).ok_or_else(|| WrapError::Refused {
                recipient: self.to_string(),
                reason: "the key is not usable".to_owned(),
            })?;
        let stanza = Stanza {
            tag: TAG.to_owned(),
            args: vec![encoding::encode(&share)],
            body,
        };
        Ok(Wrapped {
            stanzas: vec![stanza],
            labels: [POST_QUANTUM.to_owned()].into(),
        })
    }
}

/// The post-quantum secret key, `AGE-SECRET-KEY-PQ-1…`: a seed of 32 bytes.
/// Shown by the start of its public key, which is 2,000 characters long.
pub struct HybridIdentity {
    secret: <XWing as Kem>::PrivateKey,
}

impl HybridIdentity {
    /// A fresh key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())?;
        Ok(Self::from_seed(&seed))
    }

    /// Reads `AGE-SECRET-KEY-PQ-1…`.
    ///
    /// # Errors
    /// When the text is not Bech32 or has another prefix or length; the text is
    /// not repeated.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        parse_identity(text, IDENTITY_PREFIX).map(|seed| Self::from_seed(&seed))
    }

    /// The public half.
    pub fn recipient(&self) -> HybridRecipient {
        HybridRecipient(XWing::sk_to_pk(&self.secret))
    }

    /// `AGE-SECRET-KEY-PQ-1…`, to be written to a key file.
    pub fn to_secret_text(&self) -> SecretText {
        let mut seed = Zeroizing::new([0; 32]);
        self.secret.write_exact(seed.as_mut_slice());
        SecretText::new(bech32::encode_upper(IDENTITY_PREFIX, seed.as_slice()))
    }

    fn from_seed(seed: &[u8; 32]) -> Self {
        let secret = <XWing as Kem>::PrivateKey::from_bytes(seed);
        Self {
            secret: secret.expect("every 32 bytes are a seed"),
        }
    }

    fn unwrap_one(&self, stanza: &Stanza) -> Result<Option<FileKey>, UnwrapError> {
        let encapsulated: [u8; ENCAPSULATED] = encoding::decode_array(only_argument(stanza)?)
            .map_err(|reason| malformed(stanza, reason))?;
        check_body(stanza)?;
        // The library takes any share, as X-Wing's draft does; Go age does not.
        if x25519_half(&encapsulated).is_none_or(x25519::is_low_order) {
            return Err(malformed(stanza, "the X25519 share is of low order"));
        }
        Ok(sealed::unwrap::<XWing>(
            &self.secret,
            LABEL,
            &encapsulated,
            &stanza.body,
        ))
    }
}

impl fmt::Display for HybridIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recipient = self.recipient().to_string();
        write!(formatter, "{}…", recipient.get(..24).unwrap_or(&recipient))
    }
}

impl fmt::Debug for HybridIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HybridIdentity({self})")
    }
}

impl Identity for HybridIdentity {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        for stanza in stanzas.iter().filter(|stanza| stanza.tag == TAG) {
            if let Some(file_key) = self.unwrap_one(stanza)? {
                return Ok(file_key);
            }
        }
        Err(UnwrapError::NoMatch)
    }
}

/// The X25519 point stands last, in public keys and in encapsulated ones.
fn x25519_half(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.last_chunk().copied()
}
