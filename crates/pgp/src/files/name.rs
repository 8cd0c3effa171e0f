//! How users name keys: by fingerprint, or by its last eight bytes.

use std::fmt;

use pgp::types::{KeyDetails, KeyId};

/// A key's name as typed, without blanks.
pub(super) struct KeyName {
    digits: Digits,
    /// A `!` stood at its end: this very key, no other of the same certificate.
    pub(super) exact: bool,
}

enum Digits {
    Fingerprint(Vec<u8>),
    KeyId(KeyId),
}

impl KeyName {
    /// Takes fingerprints of 40 or 64 hexadecimal digits and key IDs of 16, in either case, with
    /// blanks between them or `0x` before them, as GnuPG does. Shorter key IDs are anybody's, and
    /// names or addresses nobody's proof: those are left to GnuPG.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let compact: String = text.split_ascii_whitespace().collect();
        let (digits, exact) = match compact.strip_suffix('!') {
            Some(digits) => (digits, true),
            None => (compact.as_str(), false),
        };
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let bytes = bytes(digits)?;
        let digits = match bytes.len() {
            8 => Digits::KeyId(KeyId::from(<[u8; 8]>::try_from(bytes).ok()?)),
            20 | 32 => Digits::Fingerprint(bytes),
            _ => return None,
        };
        Some(Self { digits, exact })
    }

    pub(super) fn is(&self, key: &impl KeyDetails) -> bool {
        match &self.digits {
            Digits::Fingerprint(bytes) => key.fingerprint().as_bytes() == bytes.as_slice(),
            Digits::KeyId(id) => key.legacy_key_id() == *id,
        }
    }

    /// As [`KeyName::is`], with a fingerprint as it is stored.
    pub(super) fn is_fingerprint(&self, stored: &[u8]) -> bool {
        match &self.digits {
            Digits::Fingerprint(bytes) => stored == bytes.as_slice(),
            Digits::KeyId(id) => stored.ends_with(id.as_ref()),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = match &self.digits {
            Digits::Fingerprint(bytes) => bytes.as_slice(),
            Digits::KeyId(id) => id.as_ref(),
        };
        bytes
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02X}"))?;
        formatter.write_str(if self.exact { "!" } else { "" })
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";

    #[test]
    fn names_are_read_in_all_spellings() {
        for text in [
            "fbc7b9e2a4f9289ac0c1d4843d16cee4a27381b4",
            "FBC7 B9E2 A4F9 289A C0C1  D484 3D16 CEE4 A273 81B4",
            "0xFBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4",
        ] {
            assert_eq!(KeyName::parse(text).unwrap().to_string(), FINGERPRINT);
        }
        let exact = KeyName::parse(&format!("{FINGERPRINT}!")).unwrap();
        assert!(exact.exact && exact.to_string().ends_with("B4!"));
        let id = KeyName::parse("3d16cee4a27381b4").unwrap();
        let stored = bytes(FINGERPRINT).unwrap();
        assert!(id.is_fingerprint(&stored) && exact.is_fingerprint(&stored));
        assert!(!id.is_fingerprint(&stored[..19]));
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        for text in [
            "",
            "!",
            "A27381B4",
            "user@example.org",
            "--batch",
            "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B",
            "+BC7B9E2A4F9289A",
        ] {
            assert!(KeyName::parse(text).is_none(), "{text}");
        }
    }
}
