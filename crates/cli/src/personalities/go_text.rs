//! Text the way Go programs print it: quoted names and the system's errors.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// `text` in double quotes, as Go's `%q` prints it.
pub(super) fn quoted(text: impl AsRef<[u8]>) -> String {
    let mut quoted = String::from('"');
    for chunk in text.as_ref().utf8_chunks() {
        for character in chunk.valid().chars() {
            push_escaped(&mut quoted, character);
        }
        for byte in chunk.invalid() {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('"');
    quoted
}

fn push_escaped(quoted: &mut String, character: char) {
    match character {
        '"' | '\\' => quoted.extend(['\\', character]),
        '\u{7}' => quoted.push_str("\\a"),
        '\u{8}' => quoted.push_str("\\b"),
        '\u{b}' => quoted.push_str("\\v"),
        '\u{c}' => quoted.push_str("\\f"),
        '\n' => quoted.push_str("\\n"),
        '\r' => quoted.push_str("\\r"),
        '\t' => quoted.push_str("\\t"),
        ' '..='~' => quoted.push(character),
        '\0'..='\u{7f}' => {
            let _ = write!(quoted, "\\x{:02x}", u32::from(character));
        }
        _ => match u32::from(character) {
            // Of what is not ASCII, the standard library escapes what cannot be seen.
            _ if character.escape_debug().len() == 1 => quoted.push(character),
            code @ ..=0xffff => {
                let _ = write!(quoted, "\\u{code:04x}");
            }
            code => {
                let _ = write!(quoted, "\\U{code:08x}");
            }
        },
    }
}

/// `open secret.txt: no such file or directory`: an error of the system with
/// what was tried, as Go's `fs.PathError` prints it.
pub(super) fn path_error(action: &str, path: &Path, cause: &io::Error) -> String {
    format!("{action} {}: {}", path.display(), cause_text(cause))
}

/// The system's words for an error: lower case, without its number.
pub(super) fn cause_text(cause: &io::Error) -> String {
    let text = cause.to_string();
    let Some(number) = cause.raw_os_error() else {
        return text;
    };
    let text = text
        .strip_suffix(&format!(" (os error {number})"))
        .unwrap_or(&text);
    // "I/O error" and the like stay as they are.
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        for (text, expected) in [
            (&b"plain text"[..], r#""plain text""#),
            (b"a\"b\\c", r#""a\"b\\c""#),
            (b"\n\r\t\x00\x1b\x7f", r#""\n\r\t\x00\x1b\x7f""#),
            (b"\xff\xfe", r#""\xff\xfe""#),
            (
                "é'\u{200b}\u{e000}\u{10ffff}".as_bytes(),
                "\"é'\\u200b\\ue000\\U0010ffff\"",
            ),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn errors_of_the_system() {
        let cause = io::Error::from_raw_os_error(2);
        let text = path_error("open", Path::new("a/b"), &cause);
        assert_eq!(text, "open a/b: no such file or directory");
        assert_eq!(cause_text(&io::Error::other("As it is")), "As it is");
    }
}
