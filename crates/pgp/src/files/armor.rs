//! ASCII armor: what exported keys and messages come in.

use std::io::BufReader;

use nixseal_base::secret::SecretBytes;
use pgp::armor::{BlockType, Dearmor, DearmorOptions};

const BEGIN: &[u8] = b"-----BEGIN PGP ";
const END: &[u8] = b"-----END PGP ";

/// The binary keys in a file: the file itself, or all its armored keys one after the other.
/// Text around them, as in mails, is left out.
///
/// # Errors
/// One line, when an armored block is damaged.
pub(super) fn keys(content: &[u8]) -> Result<SecretBytes, String> {
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        return Ok(SecretBytes::copy_of(content));
    }
    let mut parts = Vec::new();
    for block in blocks(content) {
        let (kind, bytes) = decode(block)?;
        if matches!(kind, BlockType::PublicKey | BlockType::PrivateKey) {
            parts.push(bytes);
        }
    }
    let mut all = Vec::with_capacity(parts.iter().map(SecretBytes::len).sum());
    parts
        .iter()
        .for_each(|part| all.extend_from_slice(part.expose()));
    Ok(SecretBytes::new(all))
}

/// The binary message of a text.
///
/// # Errors
/// One line, when there is none or its armor is damaged.
pub(super) fn message(text: &[u8]) -> Result<SecretBytes, String> {
    let block = blocks(text)
        .next()
        .ok_or("there is no armored message in it")?;
    match decode(block)? {
        (BlockType::Message, bytes) => Ok(bytes),
        (other, _) => Err(format!("it is a '{other}', not a message")),
    }
}

/// The armored blocks of a text, each to the end of its last line.
fn blocks(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let mut position = 0;
    let mut start = None;
    std::iter::from_fn(move || {
        for line in lines.by_ref() {
            let here = position;
            position += line.len();
            if line.starts_with(BEGIN) {
                start = Some(here);
            } else if line.starts_with(END)
                && let Some(start) = start.take()
            {
                return text.get(start..position);
            }
        }
        // A block that is cut off: decoding it tells.
        text.get(start.take()?..)
    })
}

fn decode(block: &[u8]) -> Result<(BlockType, SecretBytes), String> {
    let damaged = || "its armor is damaged".to_owned();
    // No checksum: RFC 9580 has dropped it, and what is inside is protected by itself.
    let options = DearmorOptions::new().set_limit(block.len() + 1);
    let mut dearmor = Dearmor::with_options(BufReader::new(block), options);
    dearmor.read_header().map_err(|_| damaged())?;
    let kind = dearmor.typ.ok_or("its armor has no kind")?;
    let bytes = SecretBytes::read_from(&mut dearmor, block.len());
    Ok((kind, bytes.map_err(|_| damaged())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAAB\n-----END PGP PUBLIC KEY BLOCK-----\n";

    #[test]
    fn all_keys_of_a_text_are_read() {
        let text = format!("Hello\n{KEY}\n-- \n{KEY}");
        assert_eq!(
            keys(text.as_bytes()).unwrap().expose(),
            [0x98, 0, 1, 0x98, 0, 1]
        );
        assert_eq!(keys(&[0x98, 0]).unwrap().expose(), [0x98, 0]);
        assert!(keys(b"nothing").unwrap().is_empty());
    }

    #[test]
    fn damage_is_told() {
        let cut = KEY.split("-----END").next().unwrap();
        assert!(keys(cut.as_bytes()).unwrap_err().contains("damaged"));
        let changed = KEY.replace("mAAB", "m?AB");
        assert!(keys(changed.as_bytes()).unwrap_err().contains("damaged"));
        assert!(
            message(KEY.as_bytes())
                .unwrap_err()
                .contains("not a message")
        );
        assert!(
            message(b"no message")
                .unwrap_err()
                .contains("no armored message")
        );
    }
}
