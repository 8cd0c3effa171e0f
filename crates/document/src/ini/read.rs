//! Reading INI into the tree, with the places of values and comments.

use std::collections::HashSet;

use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::DEFAULT_SECTION;
use crate::error::ParseError;
use crate::tree::{Comment, Entry, Map, Node, Origin, Pair, Scalar, Value};
use crate::wiped;

/// What reading gives besides the tree: the pieces of text that make up each comment, by the
/// layout index in its origin.
pub(crate) type CommentPieces = Vec<Vec<Span>>;

/// Reads a file.
pub(crate) fn read(bytes: SecretBytes) -> Result<(SecretText, Map, CommentPieces), ParseError> {
    let text = bytes.into_text().map_err(|bytes| {
        let before = bytes
            .expose()
            .utf8_chunks()
            .next()
            .map_or("", |chunk| chunk.valid());
        let span = Span::new(before.len(), before.len() + 1);
        ParseError::new(before, span, "the text is not UTF-8 here")
    })?;
    let mut reader = Reader {
        text: text.expose(),
        at: if text.expose().starts_with('\u{feff}') {
            3
        } else {
            0
        },
        pending: Vec::new(),
        pieces: Vec::new(),
    };
    let map = reader.file()?;
    let pieces = reader.pieces;
    Ok((text, map, pieces))
}

/// Whether `text`, written behind `key =`, reads back as that value and nothing more.
pub(super) fn reads_back(text: &str, value: &str) -> bool {
    let mut line = Zeroizing::new(String::with_capacity(text.len() + 16));
    line.push_str(text);
    line.push_str("\nnext = 1\n");
    let mut reader = Reader {
        text: &line,
        at: 0,
        pending: Vec::new(),
        pieces: Vec::new(),
    };
    let Ok((read, _)) = reader.value(0) else {
        return false;
    };
    read.expose() == value.as_bytes() && reader.at == text.len() + 1 && reader.pending.is_empty()
}

/// Whether `line`, the beginning of a line up to its delimiter, reads back as that key.
pub(super) fn key_reads_back(line: &str, key: &str) -> bool {
    let line = format!("{line} = ");
    let first = line.chars().next().unwrap_or('#');
    !matches!(first, '#' | ';' | '[')
        && !first.is_whitespace()
        && !key.is_empty()
        && !line.contains('\n')
        && matches!(key_name(&line), Ok((name, offset)) if name == key && offset + 1 == line.len())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Pieces of the comment that the next key or section gets.
    pending: Vec<Span>,
    pieces: CommentPieces,
}

type Read<T> = Result<T, ParseError>;

struct Section {
    name: String,
    origin: Option<Origin>,
    entries: Vec<Entry>,
    keys: HashSet<String>,
    start: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn file(&mut self) -> Read<Map> {
        let mut sections = vec![Section {
            name: DEFAULT_SECTION.to_owned(),
            origin: None,
            entries: Vec::new(),
            keys: HashSet::new(),
            start: self.at,
            end: self.at,
        }];
        while self.at < self.text.len() {
            let (start, line) = self.line();
            let trimmed = line.trim_start();
            let from = start + (line.len() - trimmed.len());
            match trimmed.chars().next() {
                None => {}
                Some('#' | ';') => {
                    let length = trimmed.strip_suffix('\n').unwrap_or(trimmed).len();
                    self.pending.push(Span::new(from, from + length));
                }
                Some('[') => {
                    let section = self.section(from, trimmed)?;
                    sections.push(section);
                }
                Some(_) => {
                    if let Some(section) = sections.last_mut() {
                        self.pair(from, trimmed, section)?;
                        section.end = self.at;
                    }
                }
            }
        }
        if let (Some(comment), Some(section)) = (self.comment(), sections.last_mut()) {
            section.entries.push(Entry::Comment(comment));
        }
        let pairs = sections.into_iter().map(|section| {
            let span = Span::new(section.start, section.end);
            let origin = Some(Origin {
                id: 0,
                alias: None,
                span,
            });
            let value = Node::Map(Map {
                entries: section.entries,
                origin,
            });
            Entry::Pair(Pair {
                key: section.name,
                value,
                origin: section.origin,
            })
        });
        let origin = Some(Origin {
            id: 0,
            alias: None,
            span: Span::new(0, self.text.len()),
        });
        Ok(Map {
            entries: pairs.collect(),
            origin,
        })
    }

    fn section(&mut self, from: usize, line: &str) -> Read<Section> {
        let span = Span::new(from, from + line.trim_end().len());
        let close = line
            .rfind(']')
            .ok_or_else(|| self.error(span, "the section has no ']'"))?;
        let (head, rest) = line.split_at(close + 1);
        let name = head.get(1..close).unwrap_or("");
        if name.is_empty() {
            return Err(self.error(span, "the section has no name"));
        }
        self.line_comment(from + close + 1, rest);
        let origin = Origin {
            id: 0,
            alias: None,
            span: Span::new(from, from + head.len()),
        };
        let entries = self.comment().map(Entry::Comment).into_iter().collect();
        let (start, end) = (from, self.at);
        let keys = HashSet::new();
        Ok(Section {
            name: name.to_owned(),
            origin: Some(origin),
            entries,
            keys,
            start,
            end,
        })
    }

    fn pair(&mut self, from: usize, line: &str, section: &mut Section) -> Read<()> {
        let span = Span::new(from, from + line.trim_end().len());
        let (key, offset) = key_name(line).map_err(|reason| self.error(span, reason))?;
        if key == "-" {
            return Err(self.error(
                span,
                "a key '-' has no name of its own: sops loses its value",
            ));
        }
        let key = key.to_owned();
        let (value, value_span) = self.value(from + offset)?;
        let origin = Origin {
            id: 0,
            alias: None,
            span: value_span,
        };
        let value = Scalar::read(Value::String(value), origin);
        let comment = self.comment();
        if !section.keys.insert(key.clone()) {
            return Err(self.error(
                span,
                "the key stands twice in its section: sops drops the first",
            ));
        }
        let origin = Some(Origin {
            id: 0,
            alias: None,
            span,
        });
        section.entries.push(Entry::Pair(Pair {
            key,
            value: Node::Scalar(value),
            origin,
        }));
        section.entries.extend(comment.map(Entry::Comment));
        Ok(())
    }

    /// The value that begins behind the delimiter at `from`; reads on when it has more lines.
    fn value(&mut self, from: usize) -> Read<(SecretBytes, Span)> {
        if self.at <= from {
            // Only when a value is read on its own.
            self.at = from;
            self.line();
        }
        let line = self.text.get(from..self.at).unwrap_or("");
        let trimmed = line.trim_start();
        let start = from + (line.len() - trimmed.len());
        if trimmed.is_empty() {
            let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
            let place = from + blanks.min(1);
            return Ok((SecretBytes::default(), Span::new(place, place)));
        }
        for quote in ["\"\"\"", "`"] {
            if let Some(inner) = trimmed.strip_prefix(quote)
                && (quote == "`" || trimmed.len() > 3)
            {
                return self.long_quoted(start, start + quote.len(), inner.len(), quote);
            }
        }
        let text = trimmed.trim_end();
        if let Some(first) = text.strip_suffix('\\') {
            return Ok(self.continued(start, first));
        }
        let comment_at = text.find(['#', ';']).unwrap_or(text.len());
        let (text, comment) = text.split_at(comment_at);
        if !comment.is_empty() {
            self.pending.push(Span::new(
                start + comment_at,
                start + comment_at + comment.len(),
            ));
        }
        let text = text.trim_end();
        let span = Span::new(start, start + text.len());
        let unquoted = ['\'', '"'].iter().find_map(|quote| {
            let inner = text.strip_prefix(*quote)?.strip_suffix(*quote)?;
            (!inner.contains(*quote)).then_some(inner)
        });
        Ok((
            SecretBytes::copy_of(unquoted.unwrap_or(text).as_bytes()),
            span,
        ))
    }

    /// A value between backticks or triple quotes, which may have several lines.
    fn long_quoted(
        &mut self,
        start: usize,
        inner: usize,
        length: usize,
        quote: &str,
    ) -> Read<(SecretBytes, Span)> {
        let first = self.text.get(inner..inner + length).unwrap_or("");
        let mut close = first.rfind(quote).map(|index| inner + index);
        while close.is_none() {
            if self.at >= self.text.len() {
                let span = Span::new(start, start + quote.len());
                return Err(self.error(span, "the quotes of the value are never closed"));
            }
            let (line_start, line) = self.line();
            close = line.rfind(quote).map(|index| line_start + index);
            let rest = close.and_then(|close| self.text.get(close + quote.len()..self.at));
            if rest.is_some_and(|rest| rest.trim().ends_with('\\')) {
                close = None;
            }
        }
        let close = close.unwrap_or(inner);
        let end = close + quote.len();
        let rest = self.text.get(end..self.at).unwrap_or("");
        let behind = rest.trim();
        if !behind.is_empty() && !behind.starts_with(['#', ';']) {
            let span = Span::new(end, self.at);
            return Err(self.error(
                span,
                "something stands behind the closing quotes of the value",
            ));
        }
        self.line_comment(end, rest);
        let value = self.text.get(inner..close).unwrap_or("");
        Ok((
            SecretBytes::copy_of(value.as_bytes()),
            Span::new(start, end),
        ))
    }

    /// A value whose lines end in backslashes.
    fn continued(&mut self, start: usize, first: &str) -> (SecretBytes, Span) {
        let mut value = Zeroizing::new(String::new());
        wiped::push(&mut value, first);
        let mut end = start + first.len() + 1;
        while self.at < self.text.len() {
            let (line_start, line) = self.line();
            let next = line.trim();
            if next.is_empty() {
                break;
            }
            end = line_start + line.trim_end().len();
            let more = next.strip_suffix('\\');
            wiped::push(&mut value, more.unwrap_or(next));
            if more.is_none() {
                break;
            }
        }
        (
            SecretBytes::copy_of(value.as_bytes()),
            Span::new(start, end),
        )
    }

    /// Notes a comment that stands in the rest of a line.
    fn line_comment(&mut self, from: usize, rest: &str) {
        if let Some(index) = rest.find(['#', ';']) {
            let comment = rest.get(index..).unwrap_or("").trim_end();
            self.pending
                .push(Span::new(from + index, from + index + comment.len()));
        }
    }

    /// The comment gathered so far: its first mark and blanks are taken off.
    fn comment(&mut self) -> Option<Comment> {
        let pieces = std::mem::take(&mut self.pending);
        let (first, last) = (*pieces.first()?, *pieces.last()?);
        let mut text = Zeroizing::new(String::new());
        for piece in &pieces {
            if !text.is_empty() {
                wiped::push(&mut text, "\n");
            }
            wiped::push(
                &mut text,
                self.text.get(piece.start..piece.end).unwrap_or(""),
            );
        }
        let mark = if text.starts_with(';') {
            [';', ' ']
        } else {
            ['#', ' ']
        };
        let stripped = SecretBytes::copy_of(text.trim().trim_start_matches(mark).as_bytes());
        let id = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
        self.pieces.push(pieces);
        let origin = Origin {
            id,
            alias: None,
            span: first.to(last),
        };
        Some(Comment::read(stripped, false, origin))
    }

    /// Takes the next line with its break.
    fn line(&mut self) -> (usize, &'a str) {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or("");
        let length = rest.find('\n').map_or(rest.len(), |index| index + 1);
        self.at += length;
        (start, rest.get(..length).unwrap_or(""))
    }

    fn error(&self, span: Span, reason: &str) -> ParseError {
        ParseError::new(self.text, span, reason)
    }
}

/// The key of a line and the offset behind its delimiter.
fn key_name(line: &str) -> Result<(&str, usize), &'static str> {
    let delimiter = |from: usize| {
        let found = line.get(from..).and_then(|rest| rest.find(['=', ':']));
        found
            .map(|index| from + index)
            .ok_or("expected 'key = value', but there is no '=' or ':'")
    };
    let quote = if line.len() > 6 && line.starts_with("\"\"\"") {
        "\"\"\""
    } else if line.starts_with('"') {
        "\""
    } else if line.starts_with('`') {
        "`"
    } else {
        let end = delimiter(0)?;
        let key = line.get(..end).unwrap_or("").trim();
        return if key.is_empty() {
            Err("the key is empty")
        } else {
            Ok((key, end + 1))
        };
    };
    let inner = line.get(quote.len()..).unwrap_or("");
    let close = inner
        .find(quote)
        .ok_or("the quotes of the key are never closed")?;
    let key = inner.get(..close).unwrap_or("").trim();
    if key.is_empty() {
        return Err("the key is empty");
    }
    let end = delimiter(close + 2 * quote.len())?;
    Ok((key, end + 1))
}
