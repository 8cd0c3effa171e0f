//! Whether a pattern stands around one of its windows.

use crate::pattern::Pattern;

/// Most bytes that a line break and the indentation after it take.
const LONGEST_BREAK: usize = 64;
/// Fewest letters of a line of wrapped base64.
const NARROWEST_LINE: usize = 48;

/// Most bytes that an occurrence of a pattern takes.
pub(super) fn most_bytes(pattern: &Pattern) -> usize {
    let length = pattern.bytes.len();
    match pattern.encoding.wraps() {
        true => length + (length / NARROWEST_LINE + 1) * LONGEST_BREAK,
        false => length,
    }
}

/// The range of `pattern` in `text`, when the window at `offset` of it is at `place` of the text.
pub(super) fn at(
    pattern: &Pattern,
    offset: usize,
    text: &[u8],
    place: usize,
) -> Option<(usize, usize)> {
    let wanted = pattern.bytes.expose();
    if let Some(start) = place.checked_sub(offset)
        && text.get(start..start + wanted.len()) == Some(wanted)
    {
        return Some((start, start + wanted.len()));
    }
    if !pattern.encoding.wraps() {
        return None;
    }
    let (before, after) = wanted.split_at_checked(offset)?;
    Some((backward(before, text, place)?, forward(after, text, place)?))
}

/// The end of `wanted`, which begins at `place` and may be broken into lines.
fn forward(wanted: &[u8], text: &[u8], mut place: usize) -> Option<usize> {
    for letter in wanted {
        if text.get(place) != Some(letter) {
            place += break_after(text.get(place..)?)?;
            if text.get(place) != Some(letter) {
                return None;
            }
        }
        place += 1;
    }
    Some(place)
}

/// The begin of `wanted`, which ends at `place`.
fn backward(wanted: &[u8], text: &[u8], mut place: usize) -> Option<usize> {
    for letter in wanted.iter().rev() {
        let is_next = |place: usize| {
            let at = place.checked_sub(1)?;
            let escaped = *letter == b'n' && at > 0 && text.get(at - 1) == Some(&b'\\');
            (text.get(at) == Some(letter) && !escaped).then_some(at)
        };
        place = match is_next(place) {
            Some(place) => place,
            None => is_next(place - break_before(text.get(..place)?)?)?,
        };
    }
    Some(place)
}

/// Length of the line break at the begin of a text, also one that is escaped as `\n`.
fn break_after(text: &[u8]) -> Option<usize> {
    let mut length = 0;
    let mut has_break = false;
    while length < LONGEST_BREAK {
        length += match text.get(length..)? {
            [b'\n', ..] => {
                has_break = true;
                1
            }
            [b'\\', b'n', ..] => {
                has_break = true;
                2
            }
            [b'\r' | b' ' | b'\t', ..] => 1,
            [b'\\', b'r', ..] => 2,
            _ => break,
        };
    }
    has_break.then_some(length)
}

/// Length of the line break at the end of a text.
fn break_before(text: &[u8]) -> Option<usize> {
    let mut length = 0;
    let mut has_break = false;
    while length < LONGEST_BREAK {
        length += match text.get(..text.len() - length)? {
            [.., b'\n'] => {
                has_break = true;
                1
            }
            [.., b'\\', b'n'] => {
                has_break = true;
                2
            }
            [.., b'\r' | b' ' | b'\t'] => 1,
            [.., b'\\', b'r'] => 2,
            _ => break,
        };
    }
    has_break.then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Encoding;
    use crate::value::Part;
    use nixseal_base::secret::SecretBytes;

    #[test]
    fn lines_may_break_within_base64() {
        let wanted = b"AAnnBBnnCCnnDDnn";
        let pattern = Pattern {
            bytes: SecretBytes::copy_of(wanted),
            secret: 0,
            part: Part::Whole,
            encoding: Encoding::Base64,
        };
        for line_end in ["\n", "\r\n", "\n    ", "\\n", "\\r\\n"] {
            for at in 1..wanted.len() {
                let (before, after) = std::str::from_utf8(wanted).unwrap().split_at(at);
                let text = format!("x{before}{line_end}{after}y");
                for offset in 0..wanted.len() {
                    let place = match offset < at {
                        true => 1 + offset,
                        false => 1 + offset + line_end.len(),
                    };
                    let found = super::at(&pattern, offset, text.as_bytes(), place);
                    assert_eq!(found, Some((1, text.len() - 1)), "{text} at {offset}");
                }
            }
        }
        assert_eq!(super::at(&pattern, 3, b"AAnnBBnn CCnnDDnn", 3), None);
    }
}
