//! Bindings of sets and `let`, attribute names, and what is between quotes.

use nixseal_base::span::Span;

use super::lexer::is_path;
use super::parser::Parser;
use super::token::{Kind, Token};
use super::tree::{Attr, AttrName, Entry, Node, Part, Tree};
use super::{Result, SyntaxError};
use crate::eval::indentation::{Piece, escaped, split_indented, strip_indentation};

impl Parser<'_, '_> {
    /// Bindings up to and with the token that closes them, and their height.
    pub(super) fn entries(&mut self, closes: Kind, shown: &str) -> Result<(Vec<Entry>, u32)> {
        let (mut entries, mut below) = (Vec::new(), 0);
        loop {
            let token = self.peek()?;
            if token.kind == closes {
                self.take()?;
                return Ok((entries, below));
            }
            if token.kind == Kind::Inherit {
                self.take()?;
                let (entry, height) = self.inherit()?;
                below = below.max(height);
                entries.push(entry);
                continue;
            }
            if !starts_name(token.kind) {
                return Err(self.unexpected(token, &format!("a name or {shown}")));
            }
            let (path, height) = self.attribute_path()?;
            self.expect(Kind::Assign, "`=`")?;
            let value = self.expression()?;
            self.expect(Kind::Semicolon, "`;`")?;
            below = below.max(height).max(value.height);
            // A path of many names makes a set for each.
            below = below.max(value.height.saturating_add(path.len() as u32));
            entries.push(Entry::Binding { path, value });
        }
    }

    fn inherit(&mut self) -> Result<(Entry, u32)> {
        let source = if self.take_if(Kind::ParenOpen)? {
            let source = self.expression()?;
            self.expect(Kind::ParenClose, "`)`")?;
            Some(source)
        } else {
            None
        };
        let below = source.as_ref().map_or(0, |source| source.height);
        let mut attrs = Vec::new();
        while !self.take_if(Kind::Semicolon)? {
            attrs.push(self.attribute("a name or `;`")?);
        }
        Ok((Entry::Inherit { source, attrs }, below))
    }

    /// One name of an attribute path.
    pub(super) fn attribute(&mut self, wanted: &str) -> Result<Attr> {
        let token = self.peek()?;
        if !starts_name(token.kind) {
            return Err(self.unexpected(token, wanted));
        }
        self.take()?;
        let start = token.span.start;
        let inner = match token.kind {
            Kind::Quote => self.string(token)?,
            Kind::Interpolation => {
                let inner = self.expression()?;
                self.expect(Kind::BraceClose, "`}`")?;
                inner
            }
            _ => {
                let name = AttrName::Static(self.symbol(token.span));
                return Ok(Attr {
                    name,
                    span: token.span,
                });
            }
        };
        let span = Span::new(start, self.end);
        let plain = match &inner.node {
            Node::Text(parts) => match parts.as_slice() {
                [] => Some(&[][..]),
                [Part::Text(text)] => Some(text.as_slice()),
                _ => None,
            },
            _ => None,
        };
        let name = match plain {
            Some(text) => AttrName::Static(self.symbols.intern(text)),
            None => AttrName::Dynamic(Box::new(inner)),
        };
        Ok(Attr { name, span })
    }

    /// A string, from behind its opening quote.
    pub(super) fn string(&mut self, open: Token) -> Result<Tree> {
        let (mut parts, mut text, mut below) = (Vec::new(), Vec::new(), 0);
        loop {
            let at = self.end;
            match (self.lexer.byte(at), self.lexer.byte(at + 1)) {
                _ if at >= self.lexer.text.len() => return Err(unclosed(open.span)),
                (b'"', _) => {
                    self.skip(1);
                    if !text.is_empty() {
                        parts.push(Part::Text(text));
                    }
                    return self.tree(Node::Text(parts), open.span.start, below);
                }
                (b'$', b'{') => {
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    let value = self.interpolation()?;
                    below = below.max(value.height);
                    parts.push(Part::Value(value));
                }
                (b'\\', _) if at + 1 < self.lexer.text.len() => {
                    text.push(escaped(self.lexer.byte(at + 1)));
                    self.skip(2);
                }
                (b'$', b'$') => {
                    text.extend(b"$$");
                    self.skip(2);
                }
                // Line ends become one kind.
                (b'\r', next) => {
                    text.push(b'\n');
                    self.skip(if next == b'\n' { 2 } else { 1 });
                }
                (byte, _) => {
                    // Up to whatever is special next.
                    let rest = self.lexer.text.get(at + 1..).unwrap_or_default();
                    let more = rest.iter().position(|byte| b"\"\\$\r".contains(byte));
                    let more = more.unwrap_or(rest.len());
                    text.push(byte);
                    text.extend_from_slice(&rest[..more]);
                    self.skip(1 + more);
                }
            }
        }
    }

    /// A string between two single quotes each, from behind the opening ones.
    pub(super) fn indented_string(&mut self, open: Token) -> Result<Tree> {
        let (mut pieces, mut below) = (Vec::new(), 0);
        loop {
            let start = self.end;
            let length = indented_length(self.lexer.text.get(start..).unwrap_or_default());
            let length = length.ok_or_else(|| unclosed(open.span))?;
            let text = self
                .lexer
                .text
                .get(start..start + length)
                .unwrap_or_default();
            if !text.is_empty() {
                split_indented(text, pieces.is_empty(), &mut pieces);
            }
            self.skip(length);
            if self.lexer.byte(self.end) == b'\'' {
                self.skip(2);
                break;
            }
            let value = self.interpolation()?;
            below = below.max(value.height);
            pieces.push(Piece::Value(value));
        }
        strip_indentation(&mut pieces);
        let (mut parts, mut text) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Text { text: more, .. } => text.extend(more),
                Piece::Value(value) => {
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    parts.push(Part::Value(value));
                }
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        self.tree(Node::Text(parts), open.span.start, below)
    }

    /// A path, of which the first token was taken.
    pub(super) fn path(&mut self, first: Token) -> Result<Tree> {
        let text = |span: Span| {
            self.lexer
                .text
                .get(span.start..span.end)
                .unwrap_or_default()
        };
        let (mut parts, mut below) = (vec![Part::Text(text(first.span).to_vec())], 0);
        let mut slash = text(first.span).ends_with(b"/");
        loop {
            let at = self.end;
            if self.lexer.byte(at) == b'$' && self.lexer.byte(at + 1) == b'{' {
                let value = self.interpolation()?;
                below = below.max(value.height);
                parts.push(Part::Value(value));
                slash = false;
                continue;
            }
            // Behind a slash or an interpolation it goes on with anything of a path.
            let rest = self.lexer.text.get(at..).unwrap_or_default();
            let more = rest
                .iter()
                .take_while(|byte| is_path(**byte) || **byte == b'/')
                .count();
            if more == 0 {
                break;
            }
            parts.push(Part::Text(rest[..more].to_vec()));
            slash = rest[..more].ends_with(b"/");
            self.skip(more);
        }
        if slash {
            let span = Span::new(first.span.start, self.end);
            return Err(SyntaxError::new(span, "a path cannot end with a slash"));
        }
        self.tree(Node::Path(parts), first.span.start, below)
    }

    /// `${…}`, from its dollar.
    fn interpolation(&mut self) -> Result<Tree> {
        self.skip(2);
        let value = self.expression()?;
        let close = self.expect(Kind::BraceClose, "`}`")?;
        self.lexer.position = close.span.end;
        Ok(value)
    }

    /// Moves on in the middle of a string or path.
    fn skip(&mut self, bytes: usize) {
        self.end += bytes;
        self.lexer.position = self.end;
    }
}

fn starts_name(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Name | Kind::OrWord | Kind::Quote | Kind::Interpolation
    )
}

fn unclosed(open: Span) -> Box<SyntaxError> {
    SyntaxError::new(open, "this string is never closed")
}

/// How long the text of an indented string goes on: up to the closing quotes or
/// an interpolation.
fn indented_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        at += match rest {
            [] => return None,
            [b'$', b'{', ..] => return Some(at),
            [b'\'', b'\'', b'$' | b'\'', ..] => 3,
            [b'\'', b'\'', b'\\', _, ..] => 4,
            [b'\'', b'\'', ..] => return Some(at),
            // Taken together with what follows, unless that begins something.
            [b'$', b'\'', ..] | [b'\'', b'$', ..] => 1,
            [b'$' | b'\'', _, ..] => 2,
            _ => 1,
        };
    }
}
