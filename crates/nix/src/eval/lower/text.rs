//! Literals: strings with their escapes and indentation, paths, numbers, URIs.
//!
//! Rules are those of Nix's lexer and of its indentation stripping: escapes end
//! the blank start of a line, tabs are no indentation, and the last line goes
//! when only spaces are on it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::rc::Rc;

use rnix::ast;
use rnix::{NodeOrToken, SyntaxKind, SyntaxNode};
use rowan::ast::AstNode as _;

use super::{Lowering, syntax};
use crate::eval::expression::{At, Expr, Kind, Part};
use crate::eval::fault::Result;
use crate::eval::paths;
use crate::eval::value::Value;

impl Lowering<'_> {
    /// A string of either form.
    pub(super) fn string(&mut self, string: &ast::Str) -> Result<Kind> {
        let node = string.syntax();
        let indented = node.first_token().is_some_and(|token| token.text() == "''");
        let mut pieces = Vec::new();
        for child in node.children_with_tokens() {
            match child {
                NodeOrToken::Token(token) if token.kind() == SyntaxKind::TOKEN_STRING_CONTENT => {
                    if indented {
                        let first = pieces.is_empty();
                        split_indented(token.text(), first, &mut pieces);
                    } else {
                        let text = unescape(token.text());
                        pieces.push(Piece::Text {
                            text,
                            indents: false,
                        });
                    }
                }
                NodeOrToken::Token(_) => {}
                NodeOrToken::Node(inner) => pieces.push(Piece::Value(self.inner(&inner)?)),
            }
        }
        if indented {
            strip_indentation(&mut pieces);
        }
        Ok(joined(pieces))
    }

    /// What is inside of `${…}`.
    fn inner(&mut self, node: &SyntaxNode) -> Result<Rc<Expr>> {
        let at = self.at(node);
        let expression = ast::Interpol::cast(node.clone()).and_then(|interpol| interpol.expr());
        self.required(expression, at)
    }

    /// A path of any form but `<…>`.
    pub(super) fn path(&mut self, node: &SyntaxNode) -> Result<Kind> {
        let mut parts = Vec::new();
        for child in node.children_with_tokens() {
            match child {
                NodeOrToken::Token(token) if parts.is_empty() => {
                    match self.absolute(token.text()) {
                        Some(path) => parts.push(Part::Text(path.into())),
                        None => {
                            let message = "paths below ~ where HOME is not set";
                            return Ok(Kind::Unsupported(message.to_owned()));
                        }
                    }
                }
                NodeOrToken::Token(token) => parts.push(Part::Text(token.text().as_bytes().into())),
                NodeOrToken::Node(inner) => parts.push(Part::Value(self.inner(&inner)?)),
            }
        }
        match parts.as_slice() {
            [Part::Text(path)] => Ok(Kind::Constant(Value::Path(Rc::clone(path)))),
            [] => Err(syntax("a path is missing here", self.at(node))),
            _ => Ok(Kind::PathJoin(parts.into())),
        }
    }

    /// The start of a path made absolute; a slash at its end stays for what is
    /// interpolated behind it.
    fn absolute(&self, text: &str) -> Option<Vec<u8>> {
        let full = if let Some(rest) = text.strip_prefix("~/") {
            self.home?.join(rest)
        } else {
            self.folder
                .join(Path::new(OsStr::from_bytes(text.as_bytes())))
        };
        let mut path = paths::canonical(full.as_os_str().as_bytes());
        if text.ends_with('/') && !path.ends_with(b"/") {
            path.push(b'/');
        }
        Some(path)
    }
}

/// `<name>` without its brackets.
pub(super) fn search_path(node: &SyntaxNode) -> Kind {
    let text = node.text().to_string();
    let name = text.trim_start_matches('<').trim_end_matches('>');
    Kind::SearchPath(name.as_bytes().into())
}

/// A number or a URI.
pub(super) fn literal(node: &SyntaxNode, at: At) -> Result<Kind> {
    let token = node
        .first_token()
        .ok_or_else(|| syntax("a value is missing here", at))?;
    let text = token.text();
    let value = match token.kind() {
        SyntaxKind::TOKEN_INTEGER => text.parse().map(Value::Int).map_err(|_| {
            syntax(
                format!("the integer '{text}' does not fit into 64 bits"),
                at,
            )
        })?,
        SyntaxKind::TOKEN_FLOAT if text.starts_with("0.") && !has_fraction(text) => {
            return Err(syntax(format!("invalid number '{text}'"), at));
        }
        SyntaxKind::TOKEN_FLOAT => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => return Err(syntax(format!("invalid float '{text}'"), at)),
        },
        _ => Value::text(text),
    };
    Ok(Kind::Constant(value))
}

/// Nix reads `0.` as zero and a dot, unlike `1.`.
fn has_fraction(text: &str) -> bool {
    text.as_bytes().get(2).is_some_and(u8::is_ascii_digit)
}

/// A piece of a string before it is put together.
enum Piece {
    Text { text: Vec<u8>, indents: bool },
    Value(Rc<Expr>),
}

fn joined(pieces: Vec<Piece>) -> Kind {
    let mut parts = Vec::new();
    let mut text = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text { text: more, .. } => text.extend(more),
            Piece::Value(value) => {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text).into()));
                }
                parts.push(Part::Value(value));
            }
        }
    }
    if parts.is_empty() {
        return Kind::Constant(Value::String(text.into()));
    }
    if !text.is_empty() {
        parts.push(Part::Text(text.into()));
    }
    Kind::Interpolated(parts.into())
}

/// Resolves the escapes of a plain string; line ends become `\n`.
fn unescape(text: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next().map(escaped)),
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                plain.push(b'\n');
            }
            _ => plain.push(byte),
        }
    }
    plain
}

fn escaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

/// Cuts the text of an indented string into the tokens that Nix sees.
fn split_indented(text: &str, first: bool, pieces: &mut Vec<Piece>) {
    let mut rest = text.as_bytes();
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

fn strip_indentation(pieces: &mut [Piece]) {
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
