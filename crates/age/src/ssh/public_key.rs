//! SSH public keys: `authorized_keys` lines, wire form, fingerprint and tag.

use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::wire::{self, Reader};
use super::{SshKeyError, curve};
use crate::encoding;
use crate::native::X25519Recipient;

/// The key types that age knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SshAlgorithm {
    /// `ssh-ed25519`.
    Ed25519,
    /// `ssh-rsa`.
    Rsa,
}

impl SshAlgorithm {
    /// The name in key lines and in age stanzas.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::Rsa => "ssh-rsa",
        }
    }
}

/// A public key that age can encrypt to. Equal keys are equal whatever their
/// comments; shown as `type base64`, without the comment.
#[derive(Clone)]
pub struct SshPublicKey {
    numbers: PublicNumbers,
    wire: Vec<u8>,
    comment: String,
}

/// What the wire form says, checked.
#[derive(Clone)]
pub(super) enum PublicNumbers {
    Ed25519 { key: [u8; 32], x25519: [u8; 32] },
    Rsa { exponent: Vec<u8>, modulus: Vec<u8> },
}

impl SshPublicKey {
    /// Reads one line of `authorized_keys`, a `.pub` file or `known_hosts`:
    /// options or a host name, type, base64, comment (sshd(8), "AUTHORIZED_KEYS
    /// FILE FORMAT"; Go's `ParseAuthorizedKey` accepts the same).
    ///
    /// # Errors
    /// [`SshKeyError::UnsupportedType`] for a valid key of another type, else
    /// [`SshKeyError::Malformed`].
    pub fn parse_line(line: &str) -> Result<Self, SshKeyError> {
        let line = line.trim();
        match parse_fields(line) {
            Err(SshKeyError::Malformed(reason)) => match after_options(line) {
                Some(rest) => parse_fields(rest).map_err(|error| match error {
                    SshKeyError::Malformed(_) => SshKeyError::Malformed(reason),
                    other => other,
                }),
                None => Err(SshKeyError::Malformed(reason)),
            },
            other => other,
        }
    }

    /// Reads the first key of a `.pub` file: blank lines and `#` lines are skipped.
    ///
    /// # Errors
    /// As [`SshPublicKey::parse_line`].
    pub fn parse_file(text: &str) -> Result<Self, SshKeyError> {
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .ok_or_else(|| SshKeyError::malformed("there is no key in it"))?;
        Self::parse_line(line)
    }

    /// Reads the wire form, which is what the base64 of a key line holds.
    ///
    /// # Errors
    /// As [`SshPublicKey::parse_line`].
    pub fn from_wire(bytes: &[u8]) -> Result<Self, SshKeyError> {
        let mut reader = Reader::new(bytes);
        let key = Self::read(&mut reader)?;
        if reader.is_empty() {
            Ok(key)
        } else {
            Err(SshKeyError::malformed("there is data after the public key"))
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SshKeyError> {
        match reader.text()? {
            "ssh-ed25519" => {
                let key = reader.string()?.try_into();
                Self::ed25519(key.map_err(|_| {
                    SshKeyError::malformed("an ed25519 public key has 32 bytes, this one has not")
                })?)
            }
            "ssh-rsa" => {
                let exponent = reader.positive()?;
                let modulus = reader.positive()?;
                Self::rsa(exponent, modulus)
            }
            other => Err(SshKeyError::UnsupportedType(other.to_owned())),
        }
    }

    pub(super) fn ed25519(key: [u8; 32]) -> Result<Self, SshKeyError> {
        let x25519 = curve::public_to_x25519(&key)?;
        let mut wire = Vec::with_capacity(51);
        wire::put_string(&mut wire, b"ssh-ed25519");
        wire::put_string(&mut wire, &key);
        Ok(Self {
            numbers: PublicNumbers::Ed25519 { key, x25519 },
            wire,
            comment: String::new(),
        })
    }

    pub(super) fn rsa(exponent: &[u8], modulus: &[u8]) -> Result<Self, SshKeyError> {
        if exponent.is_empty() || modulus.is_empty() {
            return Err(SshKeyError::malformed("an RSA number is zero"));
        }
        let mut wire = Vec::with_capacity(modulus.len() + exponent.len() + 24);
        wire::put_string(&mut wire, b"ssh-rsa");
        wire::put_positive(&mut wire, exponent);
        wire::put_positive(&mut wire, modulus);
        Ok(Self {
            numbers: PublicNumbers::Rsa {
                exponent: exponent.to_vec(),
                modulus: modulus.to_vec(),
            },
            wire,
            comment: String::new(),
        })
    }

    /// The same key with another comment.
    #[must_use]
    pub fn with_comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = comment.into();
        self
    }

    /// What follows the key in its line; often `user@host`, often nothing.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Type of the key.
    pub fn algorithm(&self) -> SshAlgorithm {
        match self.numbers {
            PublicNumbers::Ed25519 { .. } => SshAlgorithm::Ed25519,
            PublicNumbers::Rsa { .. } => SshAlgorithm::Rsa,
        }
    }

    /// The wire form.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// `SHA256:…` as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.wire);
        format!("SHA256:{}", encoding::encode(&digest))
    }

    /// The first argument of this key's stanzas: the first four bytes of the
    /// SHA-256 of the wire form, in base64 without padding.
    pub fn tag(&self) -> String {
        let digest = Sha256::digest(&self.wire);
        encoding::encode(digest.split_at(4).0)
    }

    /// The X25519 public key that `ssh-to-age` derives; none for RSA.
    pub fn x25519(&self) -> Option<[u8; 32]> {
        match self.numbers {
            PublicNumbers::Ed25519 { x25519, .. } => Some(x25519),
            PublicNumbers::Rsa { .. } => None,
        }
    }

    /// The recipient `age1…` that `ssh-to-age` prints; none for RSA.
    pub fn age_recipient(&self) -> Option<X25519Recipient> {
        self.x25519().map(X25519Recipient::from_bytes)
    }

    pub(super) fn numbers(&self) -> &PublicNumbers {
        &self.numbers
    }
}

impl fmt::Display for SshPublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.algorithm().name();
        write!(formatter, "{name} {}", STANDARD.encode(&self.wire))
    }
}

impl fmt::Debug for SshPublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SshPublicKey({self})")
    }
}

impl PartialEq for SshPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for SshPublicKey {}

impl Hash for SshPublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

/// `type base64 [comment]`.
fn parse_fields(text: &str) -> Result<SshPublicKey, SshKeyError> {
    let (name, rest) = split_word(text);
    let (encoded, comment) = split_word(rest);
    if encoded.is_empty() {
        return Err(SshKeyError::malformed(
            "an SSH key line is 'ssh-ed25519 AAAA…' or 'ssh-rsa AAAA…'",
        ));
    }
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| SshKeyError::malformed("the SSH key is not base64"))?;
    let key = SshPublicKey::from_wire(&bytes)?;
    if key.algorithm().name() != name {
        return Err(SshKeyError::malformed(format!(
            "the line names another type than its key, which is {}",
            key.algorithm().name()
        )));
    }
    Ok(key.with_comment(comment.trim()))
}

/// Skips the first word, in which quotes may guard blanks.
fn after_options(text: &str) -> Option<&str> {
    let mut quoted = false;
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => quoted = !quoted,
            b' ' | b'\t' if !quoted => return text.get(index..).map(str::trim_start),
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    None
}

fn split_word(text: &str) -> (&str, &str) {
    match text.split_once([' ', '\t']) {
        Some((word, rest)) => (word, rest.trim_start_matches([' ', '\t'])),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    #[test]
    fn lines_are_read_with_options_and_comments() {
        let plain = SshPublicKey::parse_line(KEY).unwrap();
        assert_eq!(plain.to_string(), KEY);
        for line in [
            format!("  {KEY}\talice@host two words \n"),
            format!("from=\"10.0.0.0/8 \\\" x\",no-pty {KEY} alice@host two words"),
            format!("example.org,10.0.0.1 {KEY} alice@host two words"),
        ] {
            let key = SshPublicKey::parse_line(&line).unwrap();
            assert_eq!(key, plain);
            assert_eq!(key.comment(), "alice@host two words");
        }
    }

    #[test]
    fn tag_and_fingerprint_come_from_the_wire_form() {
        let key = SshPublicKey::parse_line(KEY).unwrap();
        assert_eq!(key.tag().len(), 6);
        assert!(
            key.fingerprint()
                .starts_with(&format!("SHA256:{}", &key.tag()[..5]))
        );
    }

    #[test]
    fn other_types_are_named() {
        let mut wire = Vec::new();
        wire::put_string(&mut wire, b"ssh-dss");
        let line = format!("ssh-dss {}", STANDARD.encode(wire));
        assert_eq!(
            SshPublicKey::parse_line(&line).unwrap_err(),
            SshKeyError::UnsupportedType("ssh-dss".to_owned())
        );
    }

    #[test]
    fn damaged_lines_are_refused() {
        let short = KEY.split_at(60).0;
        let renamed = KEY.replace("ssh-ed25519 ", "ssh-rsa ");
        for line in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 ???",
            short,
            &renamed,
            "\" a b",
        ] {
            let error = SshPublicKey::parse_line(line).unwrap_err();
            assert!(
                matches!(error, SshKeyError::Malformed(_)),
                "{line:?}: {error}"
            );
        }
    }
}
