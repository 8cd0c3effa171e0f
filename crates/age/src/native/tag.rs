//! Recipients of hardware keys: `age1tag1…` (P-256) and `age1tagpq1…` (P-256
//! with ML-KEM-768), as Go age 1.3 writes them (C2SP age, "The tagged recipient
//! types"). Opening needs the hardware's plugin.
//!
//! Their stanzas carry a tag of four bytes by which the hardware finds its own,
//! and by which an observer can tell who may be meant.

use std::fmt;

use hkdf::Hkdf;
use hpke::kem::{DhP256HkdfSha256, MlKem768P256};
use hpke::{Deserializable, Kem};
use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::{Digest, Sha256};

use super::{KeyError, POST_QUANTUM, parse_recipient, sealed};
use crate::{FileKey, Recipient, Stanza, WrapError, Wrapped, bech32, encoding};

const CLASSIC_PREFIX: &str = "age1tag";
const POST_QUANTUM_PREFIX: &str = "age1tagpq";

/// Length of an ML-KEM-768 key, which stands before the P-256 point.
const ML_KEM_KEY: usize = 1184;

/// The public key of a hardware key.
#[derive(Clone)]
pub struct TagRecipient {
    key: Key,
    /// As the recipient's text carries it.
    bytes: Vec<u8>,
}

#[derive(Clone)]
enum Key {
    Classic(<DhP256HkdfSha256 as Kem>::PublicKey),
    PostQuantum(Box<<MlKem768P256 as Kem>::PublicKey>),
}

impl TagRecipient {
    /// Reads `age1tag1…` or `age1tagpq1…`.
    ///
    /// # Errors
    /// When the text is not Bech32, has another prefix or length, or is not a
    /// key of its kind.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let post_quantum = text.starts_with("age1tagpq1");
        let prefix = if post_quantum {
            POST_QUANTUM_PREFIX
        } else {
            CLASSIC_PREFIX
        };
        let bytes = parse_recipient(text, prefix)?;
        Self::from_bytes(bytes)
            .filter(|key| key.is_post_quantum() == post_quantum)
            .ok_or_else(|| {
                KeyError::recipient(
                    text,
                    match post_quantum {
                        true => "it is not an ML-KEM-768 and a P-256 key",
                        false => "it is not a compressed P-256 key",
                    },
                )
            })
    }

    /// Takes the bytes that the text carries: a compressed P-256 point, or an
    /// ML-KEM-768 key and an uncompressed one. `None` when they are neither.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let key = match bytes.len() {
            33 => Key::Classic(uncompress(&bytes)?),
            _ => Key::PostQuantum(Box::new(Deserializable::from_bytes(&bytes).ok()?)),
        };
        Some(Self { key, bytes })
    }

    /// Whether the key resists quantum computers.
    pub fn is_post_quantum(&self) -> bool {
        matches!(self.key, Key::PostQuantum(_))
    }

    fn label(&self) -> &'static str {
        match self.key {
            Key::Classic(_) => "age-encryption.org/p256tag",
            Key::PostQuantum(_) => "age-encryption.org/mlkem768p256tag",
        }
    }

    /// The four bytes by which the hardware knows its stanzas: derived from the
    /// encapsulated key and the P-256 point.
    fn tag(&self, encapsulated: &[u8]) -> [u8; 4] {
        let point = match self.key {
            Key::Classic(_) => self.bytes.as_slice(),
            Key::PostQuantum(_) => self.bytes.get(ML_KEM_KEY..).unwrap_or_default(),
        };
        let digest = Sha256::digest(point);
        let secret: Vec<u8> = encapsulated
            .iter()
            .chain(digest.iter().take(4))
            .copied()
            .collect();
        let (tag, _) = Hkdf::<Sha256>::extract(Some(self.label().as_bytes()), &secret);
        [tag[0], tag[1], tag[2], tag[3]]
    }
}

impl fmt::Display for TagRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.key {
            Key::Classic(_) => CLASSIC_PREFIX,
            Key::PostQuantum(_) => POST_QUANTUM_PREFIX,
        };
        formatter.write_str(&bech32::encode_lower(prefix, &self.bytes))
    }
}

impl fmt::Debug for TagRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TagRecipient({self})")
    }
}

impl Recipient for TagRecipient {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        let label = self.label();
        let wrapped = match &self.key {
            Key::Classic(key) => sealed::wrap::<DhP256HkdfSha256>(key, label.as_bytes(), file_key),
            Key::PostQuantum(key) => sealed::wrap::<MlKem768P256>(key, label.as_bytes(), file_key),
        };
        let (encapsulated, body) = wrapped.ok_or_else(|| WrapError::Refused {
            recipient: self.to_string(),
            reason: "the key is not usable".to_owned(),
        })?;
        let stanza = Stanza {
            tag: label.trim_start_matches("age-encryption.org/").to_owned(),
            args: vec![
                encoding::encode(&self.tag(&encapsulated)),
                encoding::encode(&encapsulated),
            ],
            body,
        };
        let labels = self.is_post_quantum().then(|| POST_QUANTUM.to_owned());
        Ok(Wrapped {
            stanzas: vec![stanza],
            labels: labels.into_iter().collect(),
        })
    }
}

/// HPKE takes only uncompressed points, recipients have only compressed ones.
fn uncompress(bytes: &[u8]) -> Option<<DhP256HkdfSha256 as Kem>::PublicKey> {
    let point = p256::PublicKey::from_sec1_bytes(bytes).ok()?;
    Deserializable::from_bytes(point.to_sec1_point(false).as_bytes()).ok()
}
