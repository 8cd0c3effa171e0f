//! Writes armor.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ARMOR_BEGIN, ARMOR_END};
use crate::encoding::{COLUMNS, LINE_BYTES};

/// Lines that are encoded at once.
const LINES: usize = 1024;

/// Armors what is written to it. Without [`finish`](Self::finish) the text has
/// no end and is refused by readers.
pub struct ArmorWriter<W> {
    output: W,
    waiting: Vec<u8>,
    text: String,
}

impl<W: Write> ArmorWriter<W> {
    /// Armor is written to `output`, the first line with the first bytes.
    pub fn new(output: W) -> Self {
        let mut text = String::with_capacity((COLUMNS + 1) * (LINES + 2));
        text.push_str(ARMOR_BEGIN);
        text.push('\n');
        Self {
            output,
            waiting: Vec::with_capacity(LINES * LINE_BYTES),
            text,
        }
    }

    /// Writes the rest and the last line and gives the output back.
    ///
    /// # Errors
    /// The output's.
    pub fn finish(mut self) -> io::Result<W> {
        self.encode();
        self.text.push_str(ARMOR_END);
        self.text.push('\n');
        self.output.write_all(self.text.as_bytes())?;
        Ok(self.output)
    }

    /// Turns the waiting bytes into lines of text. Only at the very end is
    /// there a line that is not full.
    fn encode(&mut self) {
        for line in self.waiting.chunks(LINE_BYTES) {
            STANDARD.encode_string(line, &mut self.text);
            self.text.push('\n');
        }
        self.waiting.clear();
    }
}

impl<W: Write> Write for ArmorWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LINES * LINE_BYTES - self.waiting.len();
        let (taken, _) = bytes.split_at(bytes.len().min(room));
        self.waiting.extend_from_slice(taken);
        if self.waiting.len() == LINES * LINE_BYTES {
            self.encode();
            self.output.write_all(self.text.as_bytes())?;
            self.text.clear();
        }
        Ok(taken.len())
    }

    /// Hands on what is encoded; lines that are not full have to wait.
    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
