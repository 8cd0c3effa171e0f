//! Writing a scalar in the style chosen for it.

use super::style::{Form, is_printable};
use super::{Emitter, Parent, is_break};
use crate::yaml::token::Style;

impl Emitter {
    /// Writes a scalar; comments on its line follow it, except that those of a block stand behind
    /// its header.
    pub(super) fn scalar(&mut self, form: &Form<'_>, parent: Parent, simple_key: bool) {
        if form.binary {
            self.tag("!!binary");
        }
        let outer = self.indent;
        self.indent = match parent {
            Parent::List => outer + 2,
            _ if outer < 0 => self.step,
            _ => self.next_level(),
        };
        let text: &str = &form.text;
        match form.style {
            Style::Plain => self.plain(text),
            Style::SingleQuoted => self.single_quoted(text),
            Style::Literal if !simple_key => self.literal(text, self.indent - outer.max(0)),
            _ => self.double_quoted(text),
        }
        self.indent = outer;
    }

    fn tag(&mut self, tag: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        self.put_all(tag);
        self.whitespace = false;
        self.indention = false;
    }

    fn plain(&mut self, text: &str) {
        if !text.is_empty() {
            if !self.whitespace {
                self.put(' ');
            }
            self.put_all(text);
            self.whitespace = false;
        }
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str) {
        self.indicator("'", true, false, false);
        let mut broken = false;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                broken = true;
                continue;
            }
            if broken && character != ' ' {
                self.write_indent();
            }
            if character == '\'' {
                self.put('\'');
            }
            self.put(character);
            if character != ' ' {
                self.indention = false;
                broken = false;
            }
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double_quoted(&mut self, text: &str) {
        self.indicator("\"", true, false, false);
        // Behind a byte-order mark at its beginning, go-yaml escapes every character.
        let marked = text.starts_with('\u{feff}');
        for character in text.chars() {
            let plain = is_printable(character)
                && !is_break(character)
                && !matches!(character, '"' | '\\')
                && !marked;
            if plain {
                self.put(character);
            } else {
                self.escape(character);
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, character: char) {
        let named = match character {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(character);
                let escaped = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                return self.put_all(&escaped);
            }
        };
        self.put('\\');
        self.put(named);
    }

    /// `shift` is the number of columns by which the text is deeper than the block around it.
    fn literal(&mut self, text: &str, shift: isize) {
        self.indicator("|", true, false, false);
        if text.starts_with(|character| character == ' ' || is_break(character)) {
            // Of no effect, and so as `sops` writes it, when there are only line breaks.
            let digit = if text.chars().all(is_break) {
                self.step
            } else {
                shift
            };
            self.indicator(&digit.to_string(), false, false, false);
        }
        let mut from_end = text.chars().rev();
        match (from_end.next().map(is_break), from_end.next().map(is_break)) {
            (Some(true), Some(true) | None) => self.indicator("+", false, false, false),
            (Some(true), Some(false)) => {}
            _ => self.indicator("-", false, false, false),
        }
        if self.line.is_empty() {
            self.put_break();
        } else {
            self.line_comment();
        }
        self.whitespace = true;
        let mut broken = true;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                broken = true;
                continue;
            }
            if broken {
                self.write_indent();
            }
            self.put(character);
            self.indention = false;
            broken = false;
        }
    }
}
