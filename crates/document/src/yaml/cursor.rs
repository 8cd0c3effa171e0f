//! A place in the text that moves forward, and the classes of characters around it.

/// A place in the text. Columns count characters from 0, lines from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) offset: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Reads forward through a text.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    pub(super) mark: Mark,
    /// Line breaks passed since the last character that is no blank: tells comments that share a
    /// line with content from those below it.
    pub(super) newlines: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            mark: Mark::default(),
            newlines: 0,
        }
    }

    /// The byte `ahead` of the place; NUL, which cannot be in the text, past the end.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes
            .get(self.mark.offset + ahead)
            .copied()
            .unwrap_or(0)
    }

    /// Whether the text goes on with `prefix`.
    pub(super) fn looks_at(&self, prefix: &[u8]) -> bool {
        self.bytes
            .get(self.mark.offset..)
            .is_some_and(|rest| rest.starts_with(prefix))
    }

    pub(super) fn at_end(&self, ahead: usize) -> bool {
        self.mark.offset + ahead >= self.bytes.len()
    }

    /// A space or a tab.
    pub(super) fn at_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t')
    }

    /// How many bytes of line break begin there, `\r\n` counted as one byte `\r`; 0 for none.
    pub(super) fn break_length(&self, ahead: usize) -> usize {
        match self.peek(ahead) {
            b'\n' | b'\r' => 1,
            0xc2 if self.peek(ahead + 1) == 0x85 => 2,
            0xe2 if self.peek(ahead + 1) == 0x80 && matches!(self.peek(ahead + 2), 0xa8 | 0xa9) => {
                3
            }
            _ => 0,
        }
    }

    pub(super) fn at_break(&self, ahead: usize) -> bool {
        self.break_length(ahead) > 0
    }

    pub(super) fn at_break_or_end(&self, ahead: usize) -> bool {
        self.at_end(ahead) || self.at_break(ahead)
    }

    pub(super) fn at_space_or_end(&self, ahead: usize) -> bool {
        self.at_blank(ahead) || self.at_break_or_end(ahead)
    }

    /// A letter, digit, `_` or `-`: what anchors and tag handles consist of.
    pub(super) fn at_word(&self) -> bool {
        let byte = self.peek(0);
        byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
    }

    /// Whether `---` or `...` stands here as a line's beginning of its own.
    pub(super) fn at_document_indicator(&self) -> bool {
        self.mark.column == 0
            && (self.looks_at(b"---") || self.looks_at(b"..."))
            && self.at_space_or_end(3)
    }

    /// Passes one character that is no line break.
    pub(super) fn skip(&mut self) {
        if !self.at_blank(0) {
            self.newlines = 0;
        }
        self.mark.offset += match self.peek(0) {
            0..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0.. => 4,
        };
        self.mark.column += 1;
    }

    /// Passes printable ASCII characters as long as `plain` holds: the bulk of a text.
    pub(super) fn skip_ascii(&mut self, plain: impl Fn(u8) -> bool) {
        let rest = self.bytes.get(self.mark.offset..).unwrap_or(&[]);
        let passes = |byte: &u8| matches!(byte, b'!'..=b'~') && plain(*byte);
        // Encrypted values are long: blocks are passed whole.
        let all = |block: &&[u8]| block.iter().fold(true, |all, byte| all & passes(byte));
        let blocks = rest.chunks_exact(16).take_while(all).count() * 16;
        let end = rest
            .get(blocks..)
            .unwrap_or(&[])
            .iter()
            .position(|byte| !passes(byte));
        let length = end.map_or(rest.len(), |end| blocks + end);
        if length > 0 {
            self.newlines = 0;
            self.mark.offset += length;
            self.mark.column += length;
        }
    }

    pub(super) fn skip_many(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.at_blank(0) {
            self.skip();
        }
    }

    /// Passes everything up to the line's end.
    pub(super) fn skip_to_break(&mut self) {
        loop {
            self.skip_ascii(|_| true);
            if self.at_break_or_end(0) {
                return;
            }
            self.skip();
        }
    }

    /// Passes one line break, if there is one here.
    pub(super) fn skip_break(&mut self) {
        let length = if self.looks_at(b"\r\n") {
            2
        } else {
            self.break_length(0)
        };
        if length > 0 {
            self.mark.offset += length;
            self.mark.column = 0;
            self.mark.line += 1;
            self.newlines += 1;
        }
    }

    /// Passes one line break and gives what stands for it in a scalar: a line feed, except for
    /// the two Unicode separators, which stay.
    pub(super) fn take_break(&mut self) -> &'static str {
        let text = match (self.break_length(0), self.peek(2)) {
            (0, _) => "",
            (3, 0xa8) => "\u{2028}",
            (3, _) => "\u{2029}",
            _ => "\n",
        };
        self.skip_break();
        text
    }
}
