//! Reads armor.

use std::io::{self, BufRead, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ARMOR_BEGIN, ARMOR_END, MAX_BLANK, is_blank};
use crate::encoding::{self, COLUMNS, LINE_BYTES};
use crate::error::Error;

/// Bytes that are decoded at once.
const BLOCK: usize = 512 * LINE_BYTES;

/// No line may be longer, so that memory stays bounded.
const MAX_LINE: usize = MAX_BLANK + COLUMNS;

/// The bytes within armor. Errors are [`Error::Armor`] within an [`io::Error`];
/// see [`Error::from_read`].
pub struct ArmorReader<R> {
    lines: Lines<R>,
    state: State,
    decoded: Vec<u8>,
    position: usize,
    fault: Option<io::Error>,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Begin,
    Body,
    Ended,
    Failed,
}

impl<R: BufRead> ArmorReader<R> {
    /// Reads the armored text of `input` to its end.
    pub fn new(input: R) -> Self {
        Self {
            lines: Lines {
                input,
                number: 0,
                line: Vec::with_capacity(COLUMNS + 2),
            },
            state: State::Begin,
            decoded: Vec::with_capacity(BLOCK + LINE_BYTES),
            position: 0,
            fault: None,
        }
    }

    /// Decodes lines until a block is full. What stands before an error is
    /// handed out first.
    fn refill(&mut self) {
        self.decoded.clear();
        self.position = 0;
        while self.decoded.len() < BLOCK && matches!(self.state, State::Begin | State::Body) {
            match self.step() {
                Ok(state) => self.state = state,
                Err(error) => {
                    self.state = State::Failed;
                    self.fault = Some(error.into_io());
                }
            }
        }
    }

    fn step(&mut self) -> Result<State, Error> {
        if self.state == State::Begin {
            self.lines.skip_to_begin()?;
            return Ok(State::Body);
        }
        self.lines.advance()?;
        if self.lines.line == ARMOR_END.as_bytes() {
            self.lines.only_blank_follows()?;
            return Ok(State::Ended);
        }
        let before = self.decoded.len();
        self.lines.decode(&mut self.decoded)?;
        if self.decoded.len() - before == LINE_BYTES {
            return Ok(State::Body);
        }
        self.lines.advance()?;
        if self.lines.line != ARMOR_END.as_bytes() {
            return Err(self
                .lines
                .error("a short line is not followed by the end marker"));
        }
        self.lines.only_blank_follows()?;
        Ok(State::Ended)
    }
}

impl<R: BufRead> Read for ArmorReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position == self.decoded.len() {
            self.refill();
        }
        let mut unread = self.decoded.get(self.position..).unwrap_or_default();
        if unread.is_empty() && self.state == State::Failed {
            return Err(self
                .fault
                .take()
                .unwrap_or_else(|| io::Error::other("reading went on after an error")));
        }
        let count = unread.read(buffer)?;
        self.position += count;
        Ok(count)
    }
}

/// The lines of the text, counted and bounded.
struct Lines<R> {
    input: R,
    number: usize,
    /// The current line without its end.
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn error(&self, reason: impl Into<String>) -> Error {
        Error::Armor {
            line: self.number,
            reason: reason.into(),
        }
    }

    /// Goes to the next line.
    fn advance(&mut self) -> Result<(), Error> {
        self.number += 1;
        self.line.clear();
        let mut bounded = Read::take(&mut self.input, MAX_LINE as u64);
        bounded
            .read_until(b'\n', &mut self.line)
            .map_err(Error::from_read)?;
        if self.line.is_empty() {
            return Err(self.error("the text ends before the end marker, it was cut off"));
        }
        for end in [b'\n', b'\r'] {
            if self.line.last() == Some(&end) {
                self.line.pop();
            }
        }
        Ok(())
    }

    fn skip_to_begin(&mut self) -> Result<(), Error> {
        let mut skipped = 0;
        loop {
            self.advance()?;
            if self.line == ARMOR_BEGIN.as_bytes() {
                return Ok(());
            }
            if !self.line.iter().copied().all(is_blank) {
                return Err(self.error(format!("expected '{ARMOR_BEGIN}'")));
            }
            skipped += self.line.len() + 1;
            if skipped > MAX_BLANK {
                return Err(self.error("too much white space before the armor"));
            }
        }
    }

    /// Appends the bytes of the current line.
    fn decode(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        if self.line.is_empty() {
            return Err(self.error("an empty line"));
        }
        if self.line.len() > COLUMNS {
            return Err(self.error("a line is longer than 64 characters"));
        }
        STANDARD
            .decode_vec(&self.line, bytes)
            .map_err(|error| self.error(encoding::describe(&error)))
    }

    fn only_blank_follows(&mut self) -> Result<(), Error> {
        self.number += 1;
        let mut rest = Vec::new();
        let mut bounded = Read::take(&mut self.input, MAX_BLANK as u64);
        bounded.read_to_end(&mut rest).map_err(Error::from_read)?;
        if !rest.iter().copied().all(is_blank) {
            return Err(self.error("trailing data after armored file"));
        }
        if rest.len() == MAX_BLANK {
            return Err(self.error("too much white space behind the armor"));
        }
        Ok(())
    }
}
