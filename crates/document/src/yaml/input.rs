//! The text of a YAML file: encoding, byte-order marks, characters that YAML does not allow.

use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_base::span::Span;

use crate::error::ParseError;

/// How the file was encoded, so that a splice writes it back the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8; the mark, if any, is part of the text.
    Utf8,
    Utf16BigEndian,
    Utf16LittleEndian,
}

/// The byte-order mark as a character.
pub(crate) const MARK: char = '\u{feff}';

/// Decodes a file as go-yaml does: UTF-16 when it begins with that mark, else UTF-8.
///
/// The text keeps the mark, so that spans count from the beginning of a UTF-8 file.
///
/// # Errors
/// Broken encodings, control characters, and a doubled byte-order mark (with which go-yaml drops
/// characters).
pub(crate) fn decode(bytes: SecretBytes) -> Result<(SecretText, Encoding), ParseError> {
    let (text, encoding) = match bytes.expose() {
        [0xff, 0xfe, ..] => (
            utf16(bytes.expose(), u16::from_le_bytes)?,
            Encoding::Utf16LittleEndian,
        ),
        [0xfe, 0xff, ..] => (
            utf16(bytes.expose(), u16::from_be_bytes)?,
            Encoding::Utf16BigEndian,
        ),
        _ => (utf8(bytes)?, Encoding::Utf8),
    };
    check(text.expose())?;
    Ok((text, encoding))
}

/// Encodes the bytes of a text the way the file it came from was.
pub(crate) fn encode_bytes(bytes: SecretBytes, encoding: Encoding) -> SecretBytes {
    if encoding == Encoding::Utf8 {
        return bytes;
    }
    match bytes.into_text() {
        Ok(text) => encode(text, encoding),
        Err(bytes) => bytes,
    }
}

fn encode(text: SecretText, encoding: Encoding) -> SecretBytes {
    let units = |to_bytes: fn(u16) -> [u8; 2]| {
        let mut bytes = Vec::with_capacity(text.expose().len() * 2);
        bytes.extend(text.expose().encode_utf16().flat_map(to_bytes));
        SecretBytes::new(bytes)
    };
    match encoding {
        Encoding::Utf8 => text.into_bytes(),
        Encoding::Utf16BigEndian => units(u16::to_be_bytes),
        Encoding::Utf16LittleEndian => units(u16::to_le_bytes),
    }
}

fn utf8(bytes: SecretBytes) -> Result<SecretText, ParseError> {
    bytes.into_text().map_err(|bytes| {
        let valid = bytes.expose().utf8_chunks().next();
        let before = valid.map_or("", |chunk| chunk.valid());
        let span = Span::new(before.len(), before.len() + 1);
        ParseError::new(before, span, "the text is not UTF-8 here")
    })
}

fn utf16(bytes: &[u8], from_bytes: fn([u8; 2]) -> u16) -> Result<SecretText, ParseError> {
    let mut text = String::with_capacity(bytes.len() * 2);
    let pairs = bytes.chunks(2).map(|pair| match pair {
        [one, two] => from_bytes([*one, *two]),
        // Half a unit decodes to a lone surrogate, which is refused below.
        _ => 0xd800,
    });
    for unit in char::decode_utf16(pairs) {
        match unit {
            Ok(character) => text.push(character),
            Err(_) => {
                let span = Span::new(text.len(), text.len());
                let error = ParseError::new(&text, span, "the text is not UTF-16 here");
                drop(SecretText::new(text));
                return Err(error);
            }
        }
    }
    Ok(SecretText::new(text))
}

fn check(text: &str) -> Result<(), ParseError> {
    if text.starts_with("\u{feff}\u{feff}") {
        let span = Span::new(3, 6);
        return Err(ParseError::new(
            text,
            span,
            "the file begins with two byte-order marks",
        ));
    }
    // Block by block, which is several times as fast.
    let plain = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
    let all = |block: &[u8]| block.iter().fold(true, |all, byte| all & plain(byte));
    if text.as_bytes().chunks(64).all(all) {
        return Ok(());
    }
    match text
        .char_indices()
        .find(|(_, character)| !allowed(*character))
    {
        None => Ok(()),
        Some((offset, character)) => {
            let span = Span::new(offset, offset + character.len_utf8());
            let code = u32::from(character);
            let reason = format!("control characters are not allowed in YAML (U+{code:04X})");
            Err(ParseError::new(text, span, reason))
        }
    }
}

/// The characters of YAML 1.1, section 5.1.
fn allowed(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_encodings_read_the_same() {
        let text = "\u{feff}a: \u{1F600}";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, encoding) in [
            (text.as_bytes(), Encoding::Utf8),
            (&little, Encoding::Utf16LittleEndian),
            (&big, Encoding::Utf16BigEndian),
        ] {
            let (read, found) = decode(SecretBytes::copy_of(bytes)).unwrap();
            assert_eq!((read.expose(), found), (text, encoding));
            assert_eq!(encode(read, found).expose(), bytes);
        }
    }

    #[test]
    fn faults_have_places() {
        for (bytes, column) in [
            (b"a: \x01".as_slice(), 4),
            (b"a: \xff", 4),
            (b"a: \xc2\x80", 4),
            (b"\xff\xfea\0b", 3),
            (b"\xff\xfea\0\0\xdc", 3),
        ] {
            let error = decode(SecretBytes::copy_of(bytes)).unwrap_err();
            assert_eq!(
                (error.position.line, error.position.column),
                (1, column),
                "{bytes:?}"
            );
        }
        assert!(decode(SecretBytes::copy_of("\u{feff}\u{feff}a".as_bytes())).is_err());
    }
}
