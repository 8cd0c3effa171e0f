//! How a scalar is to be written: plain, quoted or as a block.

use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::is_break;
use crate::number;
use crate::tree::{Node, Value};
use crate::yaml::resolve::stays_string;
use crate::yaml::token::Style;

/// Longest key that is not written with `? `, in bytes with its tag.
const SIMPLE_KEY_LENGTH: usize = 128;
/// Base64 of this length or more is written in lines of this length.
const BASE64_LINE: usize = 70;

/// Text and style of a scalar.
pub(super) struct Form<'a> {
    pub(super) text: Text<'a>,
    pub(super) style: Style,
    pub(super) binary: bool,
}

/// The text of a scalar, borrowed where it is the value itself.
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Made(Zeroizing<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl<'a> Form<'a> {
    pub(super) fn of_value(value: &'a Value) -> Self {
        let plain = |text: String| Self {
            text: Text::Made(Zeroizing::new(text)),
            style: Style::Plain,
            binary: false,
        };
        match value {
            Value::Bool(value) => plain(value.to_string()),
            Value::Bytes(bytes) => Self::of_bytes(bytes.expose()),
            Value::Float(value) => plain(number::yaml(*value)),
            Value::Int(value) => plain(value.to_string()),
            Value::Null => plain("null".to_owned()),
            Value::String(bytes) => match std::str::from_utf8(bytes.expose()) {
                Ok(text) => Self::of_text(text),
                Err(_) => Self::of_bytes(bytes.expose()),
            },
            Value::Time(time) => plain(time.to_string()),
        }
    }

    pub(super) fn is_simple_key(&self) -> bool {
        let tag = if self.binary { "!!binary".len() } else { 0 };
        self.text.len() + tag <= SIMPLE_KEY_LENGTH && !self.text.chars().any(is_break)
    }

    /// Whether it can stand between flow brackets as it is: a word, number or quoted text.
    pub(super) fn is_flow_safe(&self) -> bool {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b" _-+./".contains(&byte);
        match self.style {
            Style::Plain => !self.text.is_empty() && self.text.bytes().all(safe),
            _ => !self.text.chars().any(is_break),
        }
    }

    pub(super) fn of_text(text: &'a str) -> Self {
        let shape = Shape::of(text);
        let style = if memchr::memchr(b'\n', text.as_bytes()).is_some() {
            // A block that starts with a tab cannot be read back.
            if shape.block_allowed && !text.starts_with('\t') {
                Style::Literal
            } else {
                Style::DoubleQuoted
            }
        } else if text == "<<" || !stays_string(text) || is_base_60(text) || is_old_bool(text) {
            Style::DoubleQuoted
        } else if shape.plain_allowed {
            Style::Plain
        } else if shape.single_allowed {
            Style::SingleQuoted
        } else {
            Style::DoubleQuoted
        };
        Self {
            text: Text::Borrowed(text),
            style,
            binary: false,
        }
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let encoded = Zeroizing::new(STANDARD.encode(bytes));
        let mut text = Zeroizing::new(String::with_capacity(encoded.len() * 2 + 2));
        if encoded.len() < BASE64_LINE {
            text.push_str(&encoded);
            return Self {
                text: Text::Made(text),
                style: Style::Plain,
                binary: true,
            };
        }
        for (index, character) in encoded.chars().enumerate() {
            if index > 0 && index % BASE64_LINE == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.push('\n');
        Self {
            text: Text::Made(text),
            style: Style::Literal,
            binary: true,
        }
    }
}

/// Whether a value is written as a block of lines.
pub(super) fn is_block(node: &Node) -> bool {
    node.as_scalar()
        .is_some_and(|scalar| Form::of_value(scalar.value()).style == Style::Literal)
}

/// Which styles a text can be written in, by YAML's rules and go-yaml's caution.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        Self::of_ascii(text.as_bytes()).unwrap_or_else(|| Self::of_any(text))
    }

    /// What [`Self::of_any`] says of a text of printable ASCII alone, which most values are, in
    /// a fraction of the time; none for others.
    fn of_ascii(text: &[u8]) -> Option<Self> {
        let printable = |byte: &u8| matches!(byte, b' '..=b'~');
        let all = |block: &[u8]| block.iter().fold(true, |all, byte| all & printable(byte));
        if !text.chunks(32).all(all) {
            return None;
        }
        let (Some(first), Some(last)) = (text.first(), text.last()) else {
            return None;
        };
        let spaced = |next: Option<&u8>| matches!(next, None | Some(b' '));
        let starts = match first {
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => true,
            b'?' | b':' | b'-' => spaced(text.get(1)),
            _ => false,
        };
        let inside = |at: usize| match text.get(at) {
            Some(b':') => spaced(text.get(at + 1)),
            _ => at > 0 && text.get(at - 1) == Some(&b' '),
        };
        let indicators = starts
            || text.starts_with(b"---")
            || text.starts_with(b"...")
            || memchr::memchr2_iter(b':', b'#', text).any(|at| at > 0 && inside(at));
        let edges = *first == b' ' || *last == b' ';
        Some(Self {
            plain_allowed: !edges && !indicators,
            single_allowed: true,
            block_allowed: *last != b' ',
        })
    }

    fn of_any(text: &str) -> Self {
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut breaks, mut special, mut tabs) = (false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        let mut previous: Option<char> = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let before_space = characters
                .peek()
                .is_none_or(|next| matches!(next, ' ' | '\t'));
            let after_space = previous
                .is_none_or(|character| matches!(character, ' ' | '\t') || is_break(character));
            indicators |= match (previous, character) {
                (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'')
                | (None, '"' | '%' | '@' | '`') => true,
                (None, '?' | ':' | '-') => before_space,
                (Some(_), ':') => before_space,
                (Some(_), '#') => after_space,
                _ => false,
            };
            tabs |= character == '\t';
            special |= character != '\t' && !is_printable(character);
            breaks |= is_break(character);
            break_space |= character == ' ' && previous.is_some_and(is_break);
            space_break |= is_break(character) && previous == Some(' ');
            previous = Some(character);
        }
        let edge = |character: Option<char>| {
            character.is_some_and(|character| character == ' ' || is_break(character))
        };
        let edges = edge(text.chars().next()) || edge(previous);
        let single_allowed = !(break_space || space_break || tabs || special);
        Self {
            plain_allowed: single_allowed && !edges && !breaks && !indicators,
            single_allowed,
            block_allowed: !(space_break || special || previous == Some(' ')),
        }
    }
}

/// What go-yaml writes unescaped: no astral characters, no byte-order mark.
pub(super) fn is_printable(character: char) -> bool {
    matches!(character,
        '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// YAML 1.1's numbers with colons, `^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`.
fn is_base_60(text: &str) -> bool {
    if !matches!(text.as_bytes().first(), Some(b'-' | b'+' | b'0'..=b'9')) {
        return false;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (unsigned, ""),
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or("");
    let digit_or_underscore = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    let sixtieth = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [b'0'..=b'5', digit] => digit.is_ascii_digit(),
        _ => false,
    };
    let mut rest = parts.peekable();
    first.starts_with(|character: char| character.is_ascii_digit())
        && first.bytes().all(digit_or_underscore)
        && rest.peek().is_some()
        && rest.all(sixtieth)
        && fraction.bytes().all(digit_or_underscore)
}

/// Strings that YAML 1.1 took for truth values.
fn is_old_bool(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_to_a_shape_says_what_the_long_one_does() {
        let pieces = [
            "", "a", " ", ":", "#", "-", "?", "---", "...", "'", "\"", "%", "!", "x y", ": ", " #",
            "~",
        ];
        let mut compared = 0;
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    let text = format!("{one}{two}{three}");
                    if let Some(shape) = Shape::of_ascii(text.as_bytes()) {
                        assert_eq!(shape, Shape::of_any(&text), "{text:?}");
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 4000);
        for other in ["", "a\tb", "a\nb", "\u{fc}", "a\u{7f}"] {
            assert_eq!(Shape::of_ascii(other.as_bytes()), None, "{other:?}");
        }
    }
}
