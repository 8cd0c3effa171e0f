//! Dotenv files as SOPS has them: lines `KEY=value` and `# comment`.
//!
//! Nothing is trimmed or unquoted; the two characters `\n` in a value stand for a line break (so
//! that a backslash before an `n` cannot be held). Unlike `sops`, keys that would be read back as
//! something else are refused on writing, and a comment of several lines is written as several.

pub(crate) mod splice;

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use crate::error::{EmitError, ParseError};
use crate::format::Format;
use crate::tree::{Comment, Entry, Map, Node, Origin, Pair, Scalar, Value};
use crate::{flat, wiped};

/// Reads a file.
pub(crate) fn read(bytes: &[u8]) -> Result<Map, ParseError> {
    let mut entries = Vec::new();
    let mut start = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        let end = start + line.len();
        let origin = |start| Origin {
            id: 0,
            alias: None,
            span: Span::new(start, end),
        };
        let equals = line.iter().position(|byte| *byte == b'=');
        match (line.first(), equals) {
            (None, _) => {}
            (Some(b'#'), _) => {
                let text = SecretBytes::copy_of(line.get(1..).unwrap_or(&[]));
                entries.push(Entry::Comment(Comment::read(text, false, origin(start))));
            }
            (Some(_), None) => {
                return Err(error(
                    bytes,
                    start,
                    end,
                    "expected KEY=value, but the line has no '='",
                ));
            }
            (Some(_), Some(equals)) => {
                let (key, value) = line.split_at(equals);
                let key = std::str::from_utf8(key)
                    .map_err(|_| error(bytes, start, end, "the key is not UTF-8"))?;
                let value = decoded(value.get(1..).unwrap_or(&[]));
                let value = Scalar::read(Value::String(value), origin(start + equals + 1));
                let origin = Some(Origin {
                    span: Span::new(start, start + equals),
                    ..origin(start)
                });
                let value = Node::Scalar(value);
                entries.push(Entry::Pair(Pair {
                    key: key.to_owned(),
                    value,
                    origin,
                }));
            }
        }
        start = end + 1;
    }
    let origin = Some(Origin {
        id: 0,
        alias: None,
        span: Span::new(0, bytes.len()),
    });
    Ok(Map { entries, origin })
}

/// Writes a file.
pub(crate) fn emit(map: &Map) -> Result<Zeroizing<Vec<u8>>, EmitError> {
    let mut out = Zeroizing::new(Vec::new());
    for entry in &map.entries {
        wiped::extend(&mut out, &line(entry)?);
    }
    Ok(out)
}

/// Writes one entry as whole lines.
pub(crate) fn line(entry: &Entry) -> Result<Zeroizing<Vec<u8>>, EmitError> {
    let mut out = Zeroizing::new(Vec::new());
    match entry {
        Entry::Comment(comment) => {
            for line in comment.text().split(|byte| *byte == b'\n') {
                wiped::extend(&mut out, b"#");
                wiped::extend(&mut out, line);
                wiped::extend(&mut out, b"\n");
            }
        }
        Entry::Pair(pair) => {
            if pair.key.starts_with('#') || pair.key.contains(['=', '\n']) {
                return Err(EmitError::Key {
                    format: Format::Dotenv,
                    key: pair.key.clone(),
                });
            }
            let Node::Scalar(scalar) = &pair.value else {
                return Err(EmitError::Nested {
                    format: Format::Dotenv,
                    key: pair.key.clone(),
                });
            };
            wiped::extend(&mut out, pair.key.as_bytes());
            wiped::extend(&mut out, b"=");
            wiped::extend(&mut out, &encoded(scalar.value()));
            wiped::extend(&mut out, b"\n");
        }
    }
    Ok(out)
}

/// A value as it stands behind the `=`.
pub(crate) fn encoded(value: &Value) -> Zeroizing<Vec<u8>> {
    let text = flat::text(value);
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 2));
    for byte in text.iter() {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.push(*byte),
        }
    }
    out
}

fn decoded(text: &[u8]) -> SecretBytes {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match after.strip_prefix(b"n") {
            Some(after) if *first == b'\\' => {
                out.push(b'\n');
                rest = after;
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    SecretBytes::new(out)
}

fn error(bytes: &[u8], start: usize, end: usize, reason: &str) -> ParseError {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    // Replaced bytes shift offsets; lines stay.
    let line = bytes
        .get(..start)
        .unwrap_or(&[])
        .iter()
        .filter(|byte| **byte == b'\n')
        .count();
    let mut error = ParseError::new(&text, Span::new(start, end), reason);
    error.position = nixseal_base::span::Position {
        line: line + 1,
        column: 1,
    };
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_as_they_are() {
        let text = b"# c\nA=1\n\n B = \"x\" \nC=a\\nb=c\\\\n\nexport D=\xff\nE=";
        let map = read(text).unwrap();
        let values: Vec<_> = map
            .pairs()
            .map(|pair| {
                (
                    pair.key.as_str(),
                    flat::text(pair.value.as_scalar().unwrap().value()).to_vec(),
                )
            })
            .collect();
        assert_eq!(
            values,
            [
                ("A", b"1".to_vec()),
                (" B ", b" \"x\" ".to_vec()),
                ("C", b"a\nb=c\\\n".to_vec()),
                ("export D", b"\xff".to_vec()),
                ("E", b"".to_vec()),
            ]
        );
        let written = emit(&map).unwrap();
        assert_eq!(
            written.as_slice(),
            b"# c\nA=1\n B = \"x\" \nC=a\\nb=c\\\\n\nexport D=\xff\nE=\n"
        );
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        let error = read(b"A=1\nB\n").unwrap_err();
        assert_eq!((error.position.line, error.position.column), (2, 1));
        let mut map = Map::default();
        map.push("a=b", Node::text("x"));
        assert!(matches!(emit(&map), Err(EmitError::Key { .. })));
        let mut map = Map::default();
        map.push("a", Node::Map(Map::default()));
        assert!(matches!(emit(&map), Err(EmitError::Nested { .. })));
    }
}
