//! Bytes and text that are wiped when dropped and never printed.
//!
//! Neither type implements `Debug` with content, `Display` or `Clone`: a copy
//! has to be asked for by name.

use std::fmt;
use std::io::{self, Read};

use zeroize::Zeroize;

/// How much one read takes; small secrets need a single block.
const BLOCK: usize = 16 * 1024;

/// The most that is taken at once because somebody expects it.
const MOST_EXPECTED: usize = 1 << 30;

/// Secret bytes of any length, wiped on drop.
#[derive(Default, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl Drop for SecretBytes {
    fn drop(&mut self) {
        wipe_buffer(&mut self.0);
    }
}

impl SecretBytes {
    /// Takes over `bytes`; the caller keeps no copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Copies `bytes` into wiped memory.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }

    /// Reads `source` to its end without leaving copies in freed memory.
    ///
    /// # Errors
    /// Those of the reader, and `FileTooLarge` when more than `limit` bytes come.
    pub fn read_from(source: impl Read, limit: usize) -> io::Result<Self> {
        Self::read_expecting(source, 0, limit)
    }

    /// The same for a source that most likely has `expected` bytes (0 where nobody knows): they
    /// are read into one block and not copied.
    ///
    /// # Errors
    /// Those of [`Self::read_from`].
    pub fn read_expecting(
        mut source: impl Read,
        expected: usize,
        limit: usize,
    ) -> io::Result<Self> {
        let mut blocks: Vec<Self> = Vec::new();
        let mut total = 0_usize;
        // One more than is expected tells the end.
        let mut size = match expected {
            0 => BLOCK,
            _ => expected.min(limit).min(MOST_EXPECTED) + 1,
        };
        loop {
            let mut block = Self::new(vec![0; size]);
            let mut filled = 0;
            while filled < size {
                match source.read(&mut block.0[filled..]) {
                    Ok(0) => break,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            let ended = filled < size;
            total += filled;
            if total > limit {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("more than {limit} bytes"),
                ));
            }
            block.0.truncate(filled);
            if ended && blocks.is_empty() {
                return Ok(block);
            }
            blocks.push(block);
            if ended {
                break;
            }
            size = BLOCK.max(total.min(16 * 1024 * 1024));
        }
        let mut bytes = Vec::with_capacity(total);
        for block in &blocks {
            bytes.extend_from_slice(&block.0);
        }
        Ok(Self::new(bytes))
    }

    /// The bytes themselves; name the reason where you call this.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, where they are UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A second, equally guarded copy.
    pub fn duplicate(&self) -> Self {
        Self::copy_of(&self.0)
    }

    /// The same bytes between others; in the same memory where it has room for all.
    #[must_use]
    pub fn between(mut self, before: &[u8], after: &[u8]) -> Self {
        let length = self.0.len();
        let all = length + before.len() + after.len();
        if self.0.capacity() < all {
            let mut larger = Vec::with_capacity(all);
            larger.extend_from_slice(before);
            larger.extend_from_slice(&self.0);
            larger.extend_from_slice(after);
            return Self::new(larger);
        }
        self.0.extend_from_slice(before);
        self.0.copy_within(..length, before.len());
        self.0[..before.len()].copy_from_slice(before);
        self.0.extend_from_slice(after);
        self
    }

    /// The same bytes as text.
    ///
    /// # Errors
    /// Gives the bytes back when they are not UTF-8.
    pub fn into_text(mut self) -> Result<SecretText, Self> {
        let bytes = std::mem::take(&mut self.0);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(SecretText::new(text)),
            Err(error) => Err(Self::new(error.into_bytes())),
        }
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretBytes(..)")
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

/// Secret text, such as a passphrase, wiped on drop.
#[derive(Default, PartialEq, Eq)]
pub struct SecretText(String);

impl Drop for SecretText {
    fn drop(&mut self) {
        wipe_buffer(&mut std::mem::take(&mut self.0).into_bytes());
    }
}

impl SecretText {
    /// Takes over `text`; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself; name the reason where you call this.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A second, equally guarded copy.
    pub fn duplicate(&self) -> Self {
        Self::new(self.0.to_string())
    }

    /// The same text as bytes.
    pub fn into_bytes(mut self) -> SecretBytes {
        SecretBytes::new(std::mem::take(&mut self.0).into_bytes())
    }

    /// Removes line ends from the end, as a typed or piped passphrase has them.
    pub fn without_line_end(self) -> Self {
        let kept = self.0.trim_end_matches(['\n', '\r']).to_owned();
        Self::new(kept)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(..)")
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Wipes a buffer that a library handed out unguarded.
pub fn wipe(bytes: &mut [u8]) {
    bytes.zeroize();
}

/// Wipes all of a buffer, also what it held before it was shortened, and empties it. Does at once
/// what `zeroize` does byte by byte.
pub fn wipe_buffer(buffer: &mut Vec<u8>) {
    buffer.as_mut_slice().zeroize();
    buffer.spare_capacity_mut().zeroize();
    buffer.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_keeps_every_byte_over_block_borders() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let read = SecretBytes::read_from(bytes.as_slice(), usize::MAX).unwrap();
            assert_eq!(read.expose(), bytes);
        }
    }

    #[test]
    fn bytes_between_others_stay_in_their_memory_where_they_fit() {
        let between = |room| {
            let mut bytes = Vec::with_capacity(room);
            bytes.extend_from_slice(b"0123456789");
            let place = bytes.as_ptr();
            let all = SecretBytes::new(bytes).between(b"<<", b">>>");
            assert_eq!(all.expose(), b"<<0123456789>>>");
            all.expose().as_ptr() == place
        };
        assert!(between(15));
        between(10);
    }

    #[test]
    fn reading_stops_at_the_limit() {
        let error = SecretBytes::read_from([0_u8; 100].as_slice(), 99).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(SecretBytes::read_from([0_u8; 100].as_slice(), 100).is_ok());
    }

    #[test]
    fn an_expectation_may_be_wrong() {
        for length in [0, 1, 99, 100, 101, 5 * BLOCK] {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let read = SecretBytes::read_expecting(bytes.as_slice(), 100, 5 * BLOCK).unwrap();
            assert_eq!(read.expose(), bytes);
        }
        let error = SecretBytes::read_expecting([0_u8; 100].as_slice(), usize::MAX, 99);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn debug_shows_nothing() {
        let text = SecretText::new("hunter2".to_owned());
        assert!(!format!("{text:?} {:?}", SecretBytes::copy_of(b"hunter2")).contains("hunter2"));
    }

    #[test]
    fn bytes_that_are_no_text_come_back() {
        assert_eq!(
            SecretBytes::copy_of(&[255])
                .into_text()
                .unwrap_err()
                .expose(),
            [255]
        );
    }
}
