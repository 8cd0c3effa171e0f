//! Strings between two single quotes each: which spaces at the beginning of lines
//! belong to them.
//!
//! Rules are those of Nix: escapes end the blank start of a line, tabs are no
//! indentation, and the last line goes when only spaces are on it.

use super::parse::Tree;

/// A piece of a string before it is put together.
pub(super) enum Piece {
    /// Escapes are pieces of their own and do not count as indentation.
    Text {
        text: Vec<u8>,
        indents: bool,
    },
    Value(Tree),
}

/// What a byte behind a backslash stands for.
pub(super) fn escaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

/// Cuts the text of an indented string into the tokens that Nix sees.
pub(super) fn split_indented(text: &[u8], first: bool, pieces: &mut Vec<Piece>) {
    let mut rest = text;
    if first {
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        if rest.get(spaces) == Some(&b'\n') {
            rest = &rest[spaces + 1..];
        }
    }
    let mut run = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        let (special, length): (&[u8], usize) = match (byte, after) {
            (b'\'', [b'\'', b'$', ..]) => (b"$", 3),
            (b'\'', [b'\'', b'\'', ..]) => (b"''", 3),
            (b'\'', [b'\'', b'\\', next, ..]) => (&[escaped(*next)], 4),
            (b'\'', []) | (b'\'', [b'\'' | b'$', ..]) => (b"'", 1),
            (b'$', []) | (b'$', [b'{' | b'\'', ..]) => (b"$", 1),
            // These two are taken together with the byte that follows.
            (b'\'' | b'$', [_, ..]) => {
                run.extend_from_slice(&rest[..2]);
                rest = &rest[2..];
                continue;
            }
            _ => {
                run.push(byte);
                rest = after;
                continue;
            }
        };
        if !run.is_empty() {
            pieces.push(Piece::Text {
                text: std::mem::take(&mut run),
                indents: true,
            });
        }
        pieces.push(Piece::Text {
            text: special.to_vec(),
            indents: false,
        });
        rest = rest.get(length..).unwrap_or_default();
    }
    if !run.is_empty() {
        pieces.push(Piece::Text {
            text: run,
            indents: true,
        });
    }
}

/// Takes the common indentation away.
pub(super) fn strip_indentation(pieces: &mut [Piece]) {
    let indentation = least_indentation(pieces);
    let count = pieces.len();
    let mut at_line_start = true;
    let mut dropped = 0;
    for (index, piece) in pieces.iter_mut().enumerate() {
        let Piece::Text { text, .. } = piece else {
            at_line_start = false;
            dropped = 0;
            continue;
        };
        let mut kept = Vec::with_capacity(text.len());
        for &byte in text.iter() {
            match byte {
                b' ' if at_line_start => {
                    if dropped >= indentation {
                        kept.push(byte);
                    }
                    dropped += 1;
                    continue;
                }
                b'\n' => at_line_start = true,
                _ => at_line_start = false,
            }
            dropped = 0;
            kept.push(byte);
        }
        if index + 1 == count
            && let Some(end) = kept.iter().rposition(|byte| *byte == b'\n')
            && kept[end + 1..].iter().all(|byte| *byte == b' ')
        {
            kept.truncate(end + 1);
        }
        *text = kept;
    }
}

/// The smallest number of spaces before anything else on a line.
fn least_indentation(pieces: &[Piece]) -> usize {
    let mut least = usize::MAX;
    let mut current = 0;
    let mut at_line_start = true;
    for piece in pieces {
        let Piece::Text {
            text,
            indents: true,
        } = piece
        else {
            if at_line_start {
                at_line_start = false;
                least = least.min(current);
            }
            continue;
        };
        for byte in text {
            match byte {
                b'\n' => {
                    at_line_start = true;
                    current = 0;
                }
                b' ' if at_line_start => current += 1,
                _ if at_line_start => {
                    at_line_start = false;
                    least = least.min(current);
                }
                _ => {}
            }
        }
    }
    least
}
