//! Plain, quoted and block scalars.

use nixseal_base::secret::SecretText;
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::{Scan, Scanner};
use crate::wiped::{push as grow, reserve};
use crate::yaml::cursor::Mark;
use crate::yaml::token::{Kind, Style, Text, slice};

/// White space between the parts of a scalar of several lines, until it is known what it becomes.
#[derive(Default)]
struct Gap {
    /// The first line break, as it counts in the text.
    first: &'static str,
    /// Those after it.
    more: Zeroizing<String>,
}

impl Gap {
    /// A single break becomes a space, more become one less; Unicode separators stay.
    fn fold_into(&mut self, text: &mut String) {
        if self.first != "\n" {
            text.push_str(self.first);
        } else if self.more.is_empty() {
            text.push(' ');
        }
        text.push_str(&self.more);
        *self = Self::default();
    }
}

impl Scanner<'_> {
    pub(super) fn plain_scalar(&mut self) -> Scan {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        let indent = self.indent + 1;
        let mut text: Option<Zeroizing<String>> = None;
        let mut part_start = start.offset;
        let mut part_end = start.offset;
        let mut gap = Gap::default();
        let mut broken = false;
        loop {
            if self.cursor.at_document_indicator() || self.cursor.peek(0) == b'#' {
                break;
            }
            let from = self.cursor.mark.offset;
            if broken && !self.at_plain_end() {
                let joined = text.get_or_insert_default();
                grow(joined, slice(self.source, part_start..part_end));
                reserve(joined, gap.more.len() + 3);
                gap.fold_into(joined);
                part_start = from;
                broken = false;
            }
            while !self.at_plain_end() {
                self.cursor.skip();
                if self.flow_level > 0 {
                    let ends =
                        |byte: u8| matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}' | b':');
                    self.cursor.skip_ascii(|byte| !ends(byte));
                } else {
                    self.cursor.skip_ascii(|byte| byte != b':');
                }
                part_end = self.cursor.mark.offset;
            }
            if !(self.cursor.at_blank(0) || self.cursor.at_break(0)) {
                break;
            }
            self.plain_gap(start, indent, &mut gap, &mut broken)?;
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if broken {
            self.simple_key_allowed = true;
        }
        let text = match text {
            None => Text::Source(Span::new(part_start, part_end)),
            Some(mut text) => {
                grow(&mut text, slice(self.source, part_start..part_end));
                made(text)
            }
        };
        self.push(Kind::Scalar(text, Style::Plain), start);
        if let Some(token) = self.tokens.last_mut() {
            token.end = part_end;
        }
        Ok(())
    }

    /// Whether a plain scalar, or a part of it, ends here.
    fn at_plain_end(&self) -> bool {
        let byte = self.cursor.peek(0);
        self.cursor.at_space_or_end(0)
            || (byte == b':' && self.cursor.at_space_or_end(1))
            || (self.flow_level > 0 && matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}'))
    }

    fn plain_gap(&mut self, start: Mark, indent: isize, gap: &mut Gap, broken: &mut bool) -> Scan {
        while self.cursor.at_blank(0) || self.cursor.at_break(0) {
            if self.cursor.at_break(0) {
                self.gap_break(gap, broken);
            } else {
                if *broken && self.column() < indent && self.cursor.peek(0) == b'\t' {
                    let reason = "a tab stands where the value's indentation is expected";
                    return Err(self.error_at(start, reason));
                }
                self.cursor.skip();
            }
        }
        Ok(())
    }

    fn gap_break(&mut self, gap: &mut Gap, broken: &mut bool) {
        let text = self.cursor.take_break();
        if *broken {
            gap.more.push_str(text);
        } else {
            gap.first = text;
            *broken = true;
        }
    }

    pub(super) fn quoted_scalar(&mut self, style: Style) -> Scan {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        self.cursor.skip();
        let content_start = self.cursor.mark.offset;
        let simple = self.simple_quoted(style);
        let text = match simple {
            Some(length) => {
                while self.cursor.mark.offset < content_start + length {
                    self.cursor.skip();
                }
                Text::Source(Span::new(content_start, content_start + length))
            }
            None => made(self.quoted_text(start, style)?),
        };
        self.cursor.skip();
        self.push(Kind::Scalar(text, style), start);
        Ok(())
    }

    /// Length of a quoted text that stands in the source as it is: one line, no escapes.
    fn simple_quoted(&self, style: Style) -> Option<usize> {
        let rest = self.source.as_bytes().get(self.cursor.mark.offset..)?;
        let quote = if style == Style::SingleQuoted {
            b'\''
        } else {
            b'"'
        };
        // Unicode line breaks begin with these two bytes.
        let special =
            |byte: &u8| *byte == quote || matches!(byte, b'\\' | b'\n' | b'\r' | 0xc2 | 0xe2);
        let length = rest.iter().position(special)?;
        let closes = rest.get(length) == Some(&quote) && rest.get(length + 1) != Some(&b'\'');
        closes.then_some(length)
    }

    fn quoted_text(&mut self, start: Mark, style: Style) -> Scan<Zeroizing<String>> {
        let single = style == Style::SingleQuoted;
        let mut text = Zeroizing::new(String::new());
        loop {
            if self.cursor.at_document_indicator() {
                return Err(self.error_at(
                    start,
                    "the quoted value is not closed before the document ends",
                ));
            }
            if self.cursor.at_end(0) {
                return Err(self.error_at(start, "the quoted value is never closed"));
            }
            let mut gap = Gap::default();
            let mut broken = false;
            while !self.cursor.at_space_or_end(0) {
                match self.cursor.peek(0) {
                    b'\'' if single && self.cursor.peek(1) == b'\'' => {
                        grow(&mut text, "'");
                        self.cursor.skip_many(2);
                    }
                    b'\'' if single => break,
                    b'"' if !single => break,
                    b'\\' if !single && self.cursor.at_break(1) => {
                        self.cursor.skip();
                        self.cursor.skip_break();
                        broken = true;
                        break;
                    }
                    b'\\' if !single => self.escape(start, &mut text)?,
                    _ => {
                        let from = self.cursor.mark.offset;
                        self.cursor.skip();
                        grow(&mut text, slice(self.source, from..self.cursor.mark.offset));
                    }
                }
            }
            if self.cursor.peek(0) == if single { b'\'' } else { b'"' } {
                return Ok(text);
            }
            let blanks_from = self.cursor.mark.offset;
            let mut blanks_to = blanks_from;
            while self.cursor.at_blank(0) || self.cursor.at_break(0) {
                if self.cursor.at_break(0) {
                    self.gap_break(&mut gap, &mut broken);
                } else {
                    self.cursor.skip();
                    blanks_to = self.cursor.mark.offset;
                }
            }
            if !broken {
                grow(&mut text, slice(self.source, blanks_from..blanks_to));
            } else if gap.first.is_empty() {
                grow(&mut text, &gap.more);
            } else {
                reserve(&mut text, gap.more.len() + 3);
                gap.fold_into(&mut text);
            }
        }
    }

    /// An escape sequence of a double-quoted scalar.
    fn escape(&mut self, start: Mark, text: &mut Zeroizing<String>) -> Scan {
        let digits = match self.cursor.peek(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                let meaning = simple_escape(other).ok_or_else(|| {
                    self.error_here("unknown escape after '\\' in a double-quoted value")
                })?;
                grow(text, meaning);
                self.cursor.skip_many(2);
                return Ok(());
            }
        };
        self.cursor.skip_many(2);
        let mut code: u32 = 0;
        for ahead in 0..digits {
            let digit = char::from(self.cursor.peek(ahead)).to_digit(16);
            let digit = digit.ok_or_else(|| {
                self.error_at(
                    start,
                    "an escape in the double-quoted value lacks hexadecimal digits",
                )
            })?;
            code = (code << 4) | digit;
        }
        let character = char::from_u32(code).ok_or_else(|| {
            self.error_at(
                start,
                "an escape in the double-quoted value is no Unicode character",
            )
        })?;
        self.cursor.skip_many(digits);
        grow(text, character.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    pub(super) fn block_scalar(&mut self, style: Style) -> Scan {
        self.forget_simple_key()?;
        self.simple_key_allowed = true;
        let start = self.cursor.mark;
        self.cursor.skip();
        let header = self.block_header(start)?;
        self.cursor.skip_blanks();
        if self.cursor.peek(0) == b'#' {
            self.line_comment(start.offset);
            self.cursor.skip_to_break();
        }
        if !self.cursor.at_break_or_end(0) {
            return Err(self.error_at(
                start,
                "nothing but a comment may follow '|' or '>' on its line",
            ));
        }
        self.cursor.skip_break();
        let base = self.indent.max(0);
        let mut indent = header.increment.map_or(0, |increment| base + increment);
        let mut text = Zeroizing::new(String::new());
        let mut end = self.cursor.mark.offset;
        let mut breaks = self.block_breaks(&mut indent, start, &mut end)?;
        let mut last_break = "";
        let mut line_was_indented = false;
        while self.column() == indent && !self.cursor.at_end(0) {
            let indented = self.cursor.at_blank(0);
            let folds = style == Style::Folded && !line_was_indented && !indented;
            if folds && last_break == "\n" {
                if breaks.is_empty() {
                    grow(&mut text, " ");
                }
            } else {
                grow(&mut text, last_break);
            }
            grow(&mut text, &breaks);
            line_was_indented = indented;
            let from = self.cursor.mark.offset;
            self.cursor.skip_to_break();
            grow(&mut text, slice(self.source, from..self.cursor.mark.offset));
            last_break = self.cursor.take_break();
            breaks = self.block_breaks(&mut indent, start, &mut end)?;
        }
        if header.chomping != Chomping::Strip {
            grow(&mut text, last_break);
        }
        if header.chomping == Chomping::Keep {
            grow(&mut text, &breaks);
        }
        self.push(Kind::Scalar(made(text), style), start);
        if let Some(token) = self.tokens.last_mut() {
            token.end = end;
        }
        Ok(())
    }

    fn block_header(&mut self, start: Mark) -> Scan<Header> {
        let mut header = Header {
            chomping: Chomping::Clip,
            increment: None,
        };
        let mut chomped = false;
        for _ in 0..2 {
            match self.cursor.peek(0) {
                sign @ (b'+' | b'-') if !chomped => {
                    header.chomping = if sign == b'+' {
                        Chomping::Keep
                    } else {
                        Chomping::Strip
                    };
                    chomped = true;
                }
                b'0' if header.increment.is_none() => {
                    return Err(
                        self.error_at(start, "the indentation after '|' or '>' cannot be 0")
                    );
                }
                digit @ b'1'..=b'9' if header.increment.is_none() => {
                    header.increment = Some(isize::from(digit - b'0'));
                }
                _ => break,
            }
            self.cursor.skip();
        }
        Ok(header)
    }

    /// Passes indentation and empty lines inside a block scalar; finds its indentation when it is
    /// not known yet. Gives the line breaks.
    fn block_breaks(
        &mut self,
        indent: &mut isize,
        start: Mark,
        end: &mut usize,
    ) -> Scan<Zeroizing<String>> {
        *end = self.cursor.mark.offset;
        let mut breaks = Zeroizing::new(String::new());
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.cursor.peek(0) == b' ' {
                self.cursor.skip();
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.cursor.peek(0) == b'\t' {
                let reason = "a tab stands where the block's indentation is expected";
                return Err(self.error_at(start, reason));
            }
            if !self.cursor.at_break(0) {
                break;
            }
            grow(&mut breaks, self.cursor.take_break());
            *end = self.cursor.mark.offset;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(breaks)
    }
}

struct Header {
    chomping: Chomping,
    increment: Option<isize>,
}

#[derive(PartialEq, Eq)]
enum Chomping {
    Clip,
    Keep,
    Strip,
}

fn made(text: Zeroizing<String>) -> Text {
    let mut text = text;
    Text::Made(SecretText::new(std::mem::take(&mut *text)))
}

fn simple_escape(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'0' => "\0",
        b'a' => "\x07",
        b'b' => "\x08",
        b't' | b'\t' => "\t",
        b'n' => "\n",
        b'v' => "\x0b",
        b'f' => "\x0c",
        b'r' => "\r",
        b'e' => "\x1b",
        b' ' => " ",
        b'"' => "\"",
        b'\'' => "'",
        b'\\' => "\\",
        b'N' => "\u{85}",
        b'_' => "\u{a0}",
        b'L' => "\u{2028}",
        b'P' => "\u{2029}",
        _ => return None,
    })
}
