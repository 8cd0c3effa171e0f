//! Text to tokens, with the comments gathered beside them.
//!
//! The rules are YAML 1.1's as libyaml and go-yaml v3 apply them: a simple key spans one line and
//! 1024 characters, tabs may stand between tokens but not as indentation, `? ` and `: ` need a
//! blank in block context. Differences on purpose: nesting is capped lower (go-yaml: 10,000), and
//! the whole text is scanned at once, since files of secrets are small.

mod comment;
mod property;
mod scalar;

use nixseal_base::span::Span;

use super::cursor::{Cursor, Mark};
use super::token::{CommentLine, Comments, Kind, Style, Token};
use crate::error::{ParseError, ParseErrorKind};

/// Nesting that we allow; each level costs stack in the composer and in every walk.
pub(super) const DEPTH_LIMIT: usize = 200;

/// What scanning gave; with an error, the tokens before it.
pub(super) struct Scanned {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Comments>,
    pub(super) error: Option<ParseError>,
}

impl Scanned {
    /// Where all comments stand.
    pub(super) fn comment_spans(&self) -> Vec<Span> {
        let lines = self.comments.iter().flat_map(|comments| &comments.lines);
        lines
            .filter_map(|line| match line {
                CommentLine::Text(span) => Some(*span),
                CommentLine::Blank => None,
            })
            .collect()
    }
}

/// Scans a whole text.
pub(super) fn scan(source: &str) -> Scanned {
    let mut scanner = Scanner {
        source,
        cursor: Cursor::new(source),
        // Room for short words, of which little is used where words are long.
        tokens: Vec::with_capacity(source.len() / 8 + 16),
        comments: Vec::new(),
        simple_keys: vec![SimpleKey::default()],
        simple_key_allowed: true,
        indent: -1,
        indents: Vec::new(),
        flow_level: 0,
    };
    if source.starts_with(super::input::MARK) {
        scanner.cursor.mark.offset += super::input::MARK.len_utf8();
    }
    scanner.push(Kind::StreamStart, scanner.cursor.mark);
    let mut error = None;
    while error.is_none() && !matches!(scanner.last_kind(), Kind::StreamEnd) {
        error = scanner.next_token().err();
    }
    Scanned {
        tokens: scanner.tokens,
        comments: scanner.comments,
        error,
    }
}

struct Scanner<'a> {
    source: &'a str,
    cursor: Cursor<'a>,
    tokens: Vec<Token>,
    comments: Vec<Comments>,
    /// The last place at each flow level where a key without `?` may have begun.
    simple_keys: Vec<SimpleKey>,
    simple_key_allowed: bool,
    /// Column of the innermost block, -1 outside of all.
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
}

#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// In block context at the block's own column nothing but a key can stand.
    required: bool,
    /// Index of the token that would be the key.
    token: usize,
    mark: Mark,
}

type Scan<T = ()> = Result<T, ParseError>;

impl Scanner<'_> {
    fn next_token(&mut self) -> Scan {
        let scan_start = self.cursor.mark;
        self.skip_to_content();
        self.leave_blocks(self.column(), scan_start);
        let mark = self.cursor.mark;
        if self.cursor.at_end(0) {
            return self.stream_end();
        }
        if mark.column == 0 && self.cursor.peek(0) == b'%' {
            return self.directive();
        }
        if self.cursor.at_document_indicator() {
            return self.document_indicator();
        }
        let comment_anchor = self.comment_anchor();
        self.content_token()?;
        // A dash alone has no comment on its line: it heads what follows.
        if !matches!(self.last_kind(), Kind::BlockEntry) {
            self.line_comment(comment_anchor);
        }
        Ok(())
    }

    fn content_token(&mut self) -> Scan {
        let flow = self.flow_level > 0;
        let spaced = self.cursor.at_space_or_end(1);
        match self.cursor.peek(0) {
            b'[' => self.flow_start(Kind::FlowSequenceStart),
            b'{' => self.flow_start(Kind::FlowMappingStart),
            b']' => self.flow_end(Kind::FlowSequenceEnd),
            b'}' => self.flow_end(Kind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if spaced => self.block_entry(),
            b'?' if flow || spaced => self.key(),
            b':' if flow || spaced => self.value(),
            b'*' => self.anchor(Kind::Alias),
            b'&' => self.anchor(Kind::Anchor),
            b'!' => self.tag(),
            b'|' if !flow => self.block_scalar(Style::Literal),
            b'>' if !flow => self.block_scalar(Style::Folded),
            b'\'' => self.quoted_scalar(Style::SingleQuoted),
            b'"' => self.quoted_scalar(Style::DoubleQuoted),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b' ' | b'\t' => Err(self.cannot_start()),
            b'-' if self.cursor.at_blank(1) => Err(self.cannot_start()),
            b'?' | b':' if flow || spaced => Err(self.cannot_start()),
            _ => self.plain_scalar(),
        }
    }

    fn cannot_start(&self) -> ParseError {
        let reason = match self.cursor.peek(0) {
            b'\t' => "a tab cannot be used as indentation in YAML; use spaces",
            b'@' | b'`' => "'@' and '`' are reserved: put the value in quotes",
            b'%' => "a value cannot start with '%' without quotes",
            _ => "found a character that cannot start any token",
        };
        self.error_here(reason)
    }

    fn stream_end(&mut self) -> Scan {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.leave_blocks(-1, self.cursor.mark);
        self.forget_simple_key()?;
        self.simple_key_allowed = false;
        self.push(Kind::StreamEnd, self.cursor.mark);
        Ok(())
    }

    fn document_indicator(&mut self) -> Scan {
        self.leave_blocks(-1, self.cursor.mark);
        self.forget_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        let opens = self.cursor.peek(0) == b'-';
        self.cursor.skip_many(3);
        self.push(
            if opens {
                Kind::DocumentStart
            } else {
                Kind::DocumentEnd
            },
            start,
        );
        Ok(())
    }

    fn flow_start(&mut self, kind: Kind) -> Scan {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey::default());
        self.flow_level += 1;
        if self.flow_level + self.indents.len() > DEPTH_LIMIT {
            return Err(self.too_deep());
        }
        self.simple_key_allowed = true;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_end(&mut self, kind: Kind) -> Scan {
        self.forget_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.simple_keys.pop();
        }
        self.simple_key_allowed = false;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Scan {
        self.forget_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Scan {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error_here("a list entry ('- ') is not allowed in this place"));
            }
            let mark = self.cursor.mark;
            self.enter_block(None, Kind::BlockSequenceStart, mark)?;
        }
        self.forget_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Scan {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error_here("a key ('? ') is not allowed in this place"));
            }
            let mark = self.cursor.mark;
            self.enter_block(None, Kind::BlockMappingStart, mark)?;
        }
        self.forget_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.indicator(Kind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Scan {
        if let Some(key) = self.valid_simple_key()? {
            let token = Token {
                kind: Kind::Key,
                start: key.mark,
                end: key.mark.offset,
            };
            self.tokens.insert(key.token.min(self.tokens.len()), token);
            self.enter_block(Some(key.token), Kind::BlockMappingStart, key.mark)?;
            if let Some(last) = self.simple_keys.last_mut() {
                last.possible = false;
            }
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.error_here(
                        "a ': ' is not allowed in this place; a value that holds one needs quotes",
                    ));
                }
                let mark = self.cursor.mark;
                self.enter_block(None, Kind::BlockMappingStart, mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.indicator(Kind::Value, 1);
        Ok(())
    }

    /// The possible key before a `:`, when it is on the same line and short enough.
    fn valid_simple_key(&mut self) -> Scan<Option<SimpleKey>> {
        let now = self.cursor.mark;
        let Some(key) = self.simple_keys.last_mut().filter(|key| key.possible) else {
            return Ok(None);
        };
        let valid = key.mark.line == now.line && key.mark.column + 1024 >= now.column;
        if valid {
            return Ok(Some(*key));
        }
        if key.required {
            let mark = key.mark;
            return Err(self.missing_colon(mark));
        }
        key.possible = false;
        Ok(None)
    }

    fn save_simple_key(&mut self) -> Scan {
        let required = self.flow_level == 0 && self.indent == self.column();
        if self.simple_key_allowed {
            let (token, mark) = (self.tokens.len(), self.cursor.mark);
            self.forget_simple_key()?;
            if let Some(last) = self.simple_keys.last_mut() {
                *last = SimpleKey {
                    possible: true,
                    required,
                    token,
                    mark,
                };
            }
        }
        Ok(())
    }

    fn forget_simple_key(&mut self) -> Scan {
        let Some(key) = self.simple_keys.last_mut() else {
            return Ok(());
        };
        if key.possible && key.required {
            let mark = key.mark;
            return Err(self.missing_colon(mark));
        }
        key.possible = false;
        Ok(())
    }

    fn missing_colon(&self, mark: Mark) -> ParseError {
        self.error_at(
            mark,
            "expected a key here, but no ':' follows it on its line",
        )
    }

    /// Opens a block at a mark's column if that is deeper than the one we are in.
    fn enter_block(&mut self, token: Option<usize>, kind: Kind, mark: Mark) -> Scan {
        let column = isize::try_from(mark.column).unwrap_or(isize::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > DEPTH_LIMIT {
            return Err(self.too_deep());
        }
        let index = token.unwrap_or(self.tokens.len()).min(self.tokens.len());
        self.tokens.insert(
            index,
            Token {
                kind,
                start: mark,
                end: mark.offset,
            },
        );
        Ok(())
    }

    /// Closes the blocks that are deeper than a column.
    ///
    /// The end is set before comments that stand at the column of the block that ends, so that
    /// they become its feet and those further left belong outside.
    fn leave_blocks(&mut self, column: isize, scan_start: Mark) {
        if self.flow_level > 0 {
            return;
        }
        let mut start = scan_start;
        start.offset = start.offset.saturating_sub(1);
        while self.indent > column {
            let mut stop = start.offset;
            for comments in self.comments.iter().rev() {
                if comments.end < stop || comments.end == 0 {
                    break;
                }
                if isize::try_from(comments.start.column) == Ok(self.indent + 1) {
                    start = comments.start;
                }
                stop = comments.scan_start;
            }
            self.tokens.push(Token {
                kind: Kind::BlockEnd,
                start,
                end: start.offset,
            });
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn indicator(&mut self, kind: Kind, length: usize) {
        let start = self.cursor.mark;
        self.cursor.skip_many(length);
        self.push(kind, start);
    }

    /// Adds a token that ends here.
    fn push(&mut self, kind: Kind, start: Mark) {
        self.tokens.push(Token {
            kind,
            start,
            end: self.cursor.mark.offset,
        });
    }

    fn last_kind(&self) -> &Kind {
        self.tokens
            .last()
            .map_or(&Kind::StreamStart, |token| &token.kind)
    }

    fn column(&self) -> isize {
        isize::try_from(self.cursor.mark.column).unwrap_or(isize::MAX)
    }

    fn too_deep(&self) -> ParseError {
        let reason = format!("more than {DEPTH_LIMIT} levels of nesting");
        self.error_here(reason).of_kind(ParseErrorKind::TooLarge)
    }

    fn error_here(&self, reason: impl Into<String>) -> ParseError {
        self.error_at(self.cursor.mark, reason)
    }

    fn error_at(&self, mark: Mark, reason: impl Into<String>) -> ParseError {
        let end = self
            .cursor
            .mark
            .offset
            .max(mark.offset + 1)
            .min(self.source.len());
        ParseError::new(self.source, Span::new(mark.offset, end), reason)
    }
}
