//! The values of secrets, and the parts of them that are looked for.

use nixseal_base::secret::SecretBytes;

use crate::suitable::{self, Reason};

/// Of a longer value only so many bytes are looked for.
pub const LONGEST: usize = 4096;
/// Shortest line of a value of several lines that is looked for alone, in bytes.
const SHORTEST_LINE: usize = 20;
/// Of a longer value only so many lines are looked for.
const MOST_LINES: usize = 512;

/// A value and what to call it.
#[derive(Debug)]
pub struct NamedValue {
    /// The file, and in a SOPS file the key: `secrets/app.yaml: database.password`.
    pub name: String,
    /// The value.
    pub value: SecretBytes,
    /// Whether the value is a file, in which lines and `NAME=value` have a meaning of their own.
    pub is_file: bool,
}

/// Which part of a value was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// All of it, without one line end at its end.
    Whole,
    /// One line; counted from 1.
    Line(usize),
    /// What stands after `NAME=`.
    Variable(String),
}

impl Part {
    /// Before the name of the secret in a sentence; empty for the whole.
    pub fn words(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Line(line) => format!("line {line} of "),
            Self::Variable(name) => format!("{name} of "),
        }
    }
}

/// A part and its bytes.
pub struct Piece {
    /// Which part.
    pub part: Part,
    /// Its bytes.
    pub bytes: SecretBytes,
}

/// A value that cannot be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsearchable {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// The parts of a value that are worth looking for.
///
/// # Errors
/// When there is none, with the reason for the whole.
pub fn pieces(named: &NamedValue) -> Result<Vec<Piece>, Unsearchable> {
    let whole = trimmed(named.value.expose());
    let mut pieces = Vec::new();
    let mut reason = None;
    match suitable::check(whole) {
        Ok(()) => pieces.push(Piece {
            part: Part::Whole,
            bytes: SecretBytes::copy_of(cut(whole)),
        }),
        Err(why) => reason = Some(why),
    }
    let several = whole.contains(&b'\n');
    if several {
        pieces.extend(lines(whole).filter_map(|(number, line)| key_line(number, line)));
    }
    if several || named.is_file {
        pieces.extend(lines(whole).filter_map(|(_, line)| variable(line)));
    }
    match reason {
        Some(reason) if pieces.is_empty() => Err(Unsearchable {
            name: named.name.clone(),
            reason,
        }),
        _ => Ok(pieces),
    }
}

/// Without one line end.
fn trimmed(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    value.strip_suffix(b"\r").unwrap_or(value)
}

fn cut(value: &[u8]) -> &[u8] {
    let end = LONGEST.min(value.len());
    let end = match std::str::from_utf8(value) {
        // Half a character would be no text any more.
        Ok(text) => (0..=end)
            .rfind(|end| text.is_char_boundary(*end))
            .unwrap_or(0),
        Err(_) => end,
    };
    value.get(..end).unwrap_or(value)
}

fn lines(value: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = value.split(|byte| *byte == b'\n');
    lines
        .map(<[u8]>::trim_ascii)
        .enumerate()
        .take(MOST_LINES)
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.is_empty() && !is_comment(line))
}

fn is_comment(line: &[u8]) -> bool {
    line.starts_with(b"#") || line.starts_with(b"//") || line.starts_with(b";")
}

/// A line that could stand for the whole: one word, as keys have them. What all keys of a kind
/// begin with says nothing.
fn key_line(number: usize, line: &[u8]) -> Option<Piece> {
    const COMMON: [&[u8]; 2] = [b"-----", b"b3BlbnNzaC1rZXktdjE"];
    let is_word = !line.iter().any(u8::is_ascii_whitespace);
    let is_assignment = assignment(line).is_some();
    let common = COMMON.iter().any(|common| line.starts_with(common));
    if line.len() < SHORTEST_LINE || !is_word || is_assignment || common {
        return None;
    }
    suitable::check(line).ok()?;
    Some(Piece {
        part: Part::Line(number),
        bytes: SecretBytes::copy_of(cut(line)),
    })
}

/// The value of `NAME=value`, `name: value` or `export NAME="value"`, unless the name says that it
/// is public.
fn variable(line: &[u8]) -> Option<Piece> {
    let (name, value) = assignment(line)?;
    let lower = name.to_ascii_lowercase();
    let public = ["public", "created", "recipient"];
    if public.iter().any(|word| lower.contains(word)) {
        return None;
    }
    suitable::check(value).ok()?;
    Some(Piece {
        part: Part::Variable(name.to_owned()),
        bytes: SecretBytes::copy_of(cut(value)),
    })
}

fn assignment(line: &[u8]) -> Option<(&str, &[u8])> {
    let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii();
    let end = line.iter().position(|byte| b"=:".contains(byte))?;
    let (name, value) = line.split_at_checked(end)?;
    let name = std::str::from_utf8(name).ok()?.trim_end();
    let is_name = |one: char| one.is_ascii_alphanumeric() || "_-.".contains(one);
    // Base64 ends with the same sign.
    let value = value.get(1..)?.trim_ascii();
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) || value.is_empty() {
        return None;
    }
    let quoted = |quote: &[u8]| value.strip_prefix(quote)?.strip_suffix(quote);
    Some((
        name,
        quoted(b"\"").or_else(|| quoted(b"'")).unwrap_or(value),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str, is_file: bool) -> Vec<(Part, String)> {
        let named = NamedValue {
            name: "x".to_owned(),
            value: SecretBytes::copy_of(value.as_bytes()),
            is_file,
        };
        let text = |piece: Piece| {
            let text = piece.bytes.as_text().unwrap().to_owned();
            (piece.part, text)
        };
        let pieces = pieces(&named).unwrap_or_default();
        pieces.into_iter().map(text).collect()
    }

    #[test]
    fn one_line_end_is_no_part_of_a_value() {
        let whole = |text: &str| vec![(Part::Whole, text.to_owned())];
        assert_eq!(parts("k8Jq-w2Lx\n", true), whole("k8Jq-w2Lx"));
        assert_eq!(parts("k8Jq-w2Lx\r\n", true), whole("k8Jq-w2Lx"));
        assert_eq!(parts("k8Jq-w2Lx\n\n", true), whole("k8Jq-w2Lx\n"));
    }

    #[test]
    fn keys_are_also_found_by_a_line() {
        let key = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEIFa9Jm2z7Lq0\n\
                   QyNTUxOQAAACBxN1hs\n\
                   -----END PRIVATE KEY-----\n";
        let found = parts(key, true);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, Part::Whole);
        assert_eq!(
            found[1],
            (Part::Line(2), "MC4CAQAwBQYDK2VwBCIEIFa9Jm2z7Lq0".to_owned())
        );
    }

    #[test]
    fn variables_are_found_by_their_values() {
        let text = "# API_KEY=nothing-of-this-one1\nexport TOKEN='Zk9-qq2-Lm1'\nDB_PASSWORD = p4ss:w0rd!\n\
                    PublicKey = AzzT3mCqVQf+K0jX\nPORT=8080\n";
        let found: Vec<_> = parts(text, true).into_iter().skip(1).collect();
        assert_eq!(
            found,
            [
                (Part::Variable("TOKEN".into()), "Zk9-qq2-Lm1".to_owned()),
                (
                    Part::Variable("DB_PASSWORD".into()),
                    "p4ss:w0rd!".to_owned()
                )
            ]
        );
    }

    #[test]
    fn what_is_short_has_no_parts() {
        assert_eq!(parts("true\n", true), []);
        assert_eq!(parts("PORT=8080\n", true).len(), 1);
    }
}
