//! Bech32 as age uses it: BIP 173's checksum and case rules, without its limit
//! of 90 characters, since post-quantum keys are long.

use bech32::primitives::checksum::Checksum;
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Fe32, Fe1024, Hrp};
use zeroize::Zeroizing;

/// BIP 173's code with the length limit taken off.
enum LongBech32 {}

impl Checksum for LongBech32 {
    type MidstateRepr = u32;
    type CorrectionField = Fe1024;
    const ROOT_GENERATOR: Fe1024 = <bech32::Bech32 as Checksum>::ROOT_GENERATOR;
    const ROOT_EXPONENTS: std::ops::RangeInclusive<usize> =
        <bech32::Bech32 as Checksum>::ROOT_EXPONENTS;
    const CODE_LENGTH: usize = usize::MAX;
    const CHECKSUM_LENGTH: usize = <bech32::Bech32 as Checksum>::CHECKSUM_LENGTH;
    const GENERATOR_SH: [u32; 5] = <bech32::Bech32 as Checksum>::GENERATOR_SH;
    const TARGET_RESIDUE: u32 = <bech32::Bech32 as Checksum>::TARGET_RESIDUE;
}

/// A decoded string: the part before the last `1`, in its own case, and the
/// bytes behind it.
pub(crate) struct Decoded {
    /// Human-readable part, as written: `age`, `AGE-SECRET-KEY-`, …
    pub(crate) prefix: String,
    /// The payload, wiped on drop since it may be a secret key.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// Decodes `text`. The reason never repeats the text, which may be a secret.
///
/// # Errors
/// Mixed case, a foreign character, a wrong checksum, or padding that is too
/// long or not zero.
pub(crate) fn decode(text: &str) -> Result<Decoded, &'static str> {
    let lower = text.bytes().any(|byte| byte.is_ascii_lowercase());
    let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    if lower && upper {
        return Err("it mixes upper and lower case");
    }
    let Some((prefix, data)) = text.rsplit_once('1') else {
        return Err("it has no '1' between prefix and data");
    };
    if prefix.is_empty() || data.len() < LongBech32::CHECKSUM_LENGTH {
        return Err("it is too short");
    }
    if !data
        .bytes()
        .all(|byte| Fe32::from_char(char::from(byte)).is_ok())
    {
        return Err("it contains a character that Bech32 does not have");
    }
    let checked = CheckedHrpstring::new::<LongBech32>(text)
        .map_err(|_| "its checksum is wrong, a character was mistyped or lost")?;
    checked
        .validate_segwit_padding()
        .map_err(|_| "its padding is not canonical")?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(data.len()));
    bytes.extend(checked.byte_iter());
    Ok(Decoded {
        prefix: prefix.to_owned(),
        bytes,
    })
}

/// Encodes `bytes` behind `prefix`, in lower case.
pub(crate) fn encode_lower(prefix: &str, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(encoded_length(prefix, bytes));
    if let Ok(prefix) = Hrp::parse(prefix) {
        // Writing to a string does not fail and the code has no length limit.
        let _ = bech32::encode_lower_to_fmt::<LongBech32, _>(&mut text, prefix, bytes);
    }
    text
}

/// Encodes `bytes` behind `prefix`, in upper case, as identities are written.
pub(crate) fn encode_upper(prefix: &str, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(encoded_length(prefix, bytes));
    if let Ok(prefix) = Hrp::parse(prefix) {
        let _ = bech32::encode_upper_to_fmt::<LongBech32, _>(&mut text, prefix, bytes);
    }
    text
}

/// Exact, so that no copy of a secret is left behind by a growing string.
fn encoded_length(prefix: &str, bytes: &[u8]) -> usize {
    prefix.len() + 1 + (bytes.len() * 8).div_ceil(5) + LongBech32::CHECKSUM_LENGTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cases_round_trip_at_any_length() {
        for length in [0, 1, 32, 33, 1216, 5000] {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let lower = encode_lower("age1pq", &bytes);
            assert_eq!(lower.len(), encoded_length("age1pq", &bytes));
            let decoded = decode(&lower).ok().unwrap();
            assert_eq!(
                (decoded.prefix.as_str(), &*decoded.bytes),
                ("age1pq", &bytes)
            );
            let upper = encode_upper("AGE-PLUGIN-X-", &bytes);
            let decoded = decode(&upper).ok().unwrap();
            assert_eq!(
                (decoded.prefix.as_str(), &*decoded.bytes),
                ("AGE-PLUGIN-X-", &bytes)
            );
        }
    }

    #[test]
    fn every_single_mistake_is_seen() {
        let text = encode_lower("age", &[7; 32]);
        for position in 4..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[position] = if wrong[position] == b'q' { b'p' } else { b'q' };
            assert!(
                decode(std::str::from_utf8(&wrong).unwrap()).is_err(),
                "at {position}"
            );
        }
        assert!(decode(&text[..text.len() - 1]).is_err());
        assert!(decode(&text.replacen('a', "A", 1)).is_err());
    }

    #[test]
    fn odd_input_is_refused_not_fatal() {
        for text in [
            "",
            "1",
            "a1",
            "age1",
            "age",
            "é1qqqqqq",
            "age1é",
            "1qqqqqqq",
            "age1qqqqqq",
        ] {
            assert!(decode(text).is_err(), "'{text}'");
        }
    }

    #[test]
    fn padding_is_checked() {
        // One byte is two characters with two bits of padding, here set to one.
        let prefix = Hrp::parse("age").unwrap();
        let symbols = [Fe32::Q, Fe32::P];
        use bech32::primitives::iter::Fe32IterExt;
        let wrong: String = symbols
            .into_iter()
            .with_checksum::<LongBech32>(&prefix)
            .chars()
            .collect();
        assert_eq!(decode(&wrong).err(), Some("its padding is not canonical"));
    }
}
