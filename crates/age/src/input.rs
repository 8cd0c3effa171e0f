//! Finds out from the first bytes whether a file is armored.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use crate::armor::{ARMOR_BEGIN, ArmorReader, MAX_BLANK, is_blank};
use crate::error::Error;

/// A reader whose first bytes were looked at.
type Peeked<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// The binary bytes of a file, however it was written.
pub(crate) enum Input<R> {
    /// Read as it is.
    Binary(Peeked<R>),
    /// Read through the armor.
    Armored(BufReader<ArmorReader<Peeked<R>>>),
}

/// How the first line begins after a shell wrote it as UTF-16.
const UTF16: &[u8] = b"\xff\xfea\0g\0e\0-\0";

impl<R: Read> Input<R> {
    /// Looks at the first bytes of `reader`, as few as are needed.
    ///
    /// # Errors
    /// The reader's, and [`Error::NotAge`] for text that a shell mangled.
    pub(crate) fn new(mut reader: R) -> Result<Self, Error> {
        let mut start = Vec::new();
        let armored = loop {
            if let Some(armored) = looks_armored(&start) {
                break armored;
            }
            let mut block = [0; 512];
            let count = match reader.read(&mut block) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::from_read(error)),
            };
            if count == 0 {
                break false;
            }
            start.extend_from_slice(block.get(..count).unwrap_or_default());
        };
        if start.starts_with(UTF16) {
            return Err(Error::NotAge {
                reason: "it was converted to UTF-16, as Windows shells do when output is \
                         redirected; encrypt again with an output option or with armor"
                    .to_owned(),
            });
        }
        let peeked = BufReader::new(Cursor::new(start).chain(reader));
        Ok(match armored {
            true => Self::Armored(BufReader::new(ArmorReader::new(peeked))),
            false => Self::Binary(peeked),
        })
    }

    /// Whether the file is written as text.
    pub(crate) fn is_armored(&self) -> bool {
        matches!(self, Self::Armored(_))
    }
}

/// Whether a file that begins with `start` is armored; `None` when more bytes
/// are needed. Any other line of dashes counts as broken armor, which gives the
/// better message.
fn looks_armored(start: &[u8]) -> Option<bool> {
    const DASHES: &[u8] = ARMOR_BEGIN.as_bytes().first_chunk::<5>().unwrap();
    let blank = start.iter().take_while(|byte| is_blank(**byte)).count();
    let text = start.get(blank..).unwrap_or_default();
    if blank > MAX_BLANK {
        return Some(false);
    }
    if text.len() >= DASHES.len() {
        return Some(text.starts_with(DASHES));
    }
    (!DASHES.starts_with(text)).then_some(false)
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Binary(reader) => reader.read(buffer),
            Self::Armored(reader) => reader.read(buffer),
        }
    }
}

impl<R: Read> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Binary(reader) => reader.fill_buf(),
            Self::Armored(reader) => reader.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        match self {
            Self::Binary(reader) => reader.consume(count),
            Self::Armored(reader) => reader.consume(count),
        }
    }
}
