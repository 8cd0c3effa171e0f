//! A payload as a writer, for callers that push.

use std::io::{self, Write};

use zeroize::Zeroizing;

use super::{CHUNK, PayloadKey, Place, SEALED_CHUNK, chunk};

/// Encrypts chunk by chunk in the writing thread. Without
/// [`finish`](Self::finish) the payload has no end and is refused by readers.
pub(crate) struct StreamWriter<W> {
    output: W,
    key: PayloadKey,
    slot: Zeroizing<Vec<u8>>,
    filled: usize,
    index: u64,
}

impl<W: Write> StreamWriter<W> {
    /// Writes chunks to `output`, which is behind the payload's nonce.
    pub(crate) fn new(key: PayloadKey, output: W) -> Self {
        let slot = Zeroizing::new(vec![0; SEALED_CHUNK]);
        Self {
            output,
            key,
            slot,
            filled: 0,
            index: 0,
        }
    }

    /// Writes the last chunk and gives the output back.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush_chunk(true)?;
        Ok(self.output)
    }

    fn flush_chunk(&mut self, last: bool) -> io::Result<()> {
        let place = Place {
            index: self.index,
            at_end: last,
        };
        let length = chunk::seal(&self.key, place, &mut self.slot, self.filled);
        self.index += 1;
        self.filled = 0;
        self.output
            .write_all(self.slot.get(..length).unwrap_or_default())
    }
}

impl<W: Write> Write for StreamWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk is kept until more comes: it may be the last.
        if self.filled == CHUNK && !bytes.is_empty() {
            self.flush_chunk(false)?;
        }
        let count = bytes.len().min(CHUNK - self.filled);
        let (Some(room), Some(bytes)) = (
            self.slot.get_mut(self.filled..self.filled + count),
            bytes.get(..count),
        ) else {
            return Ok(0);
        };
        room.copy_from_slice(bytes);
        self.filled += count;
        Ok(count)
    }

    /// Hands on what is encrypted; a chunk that is not full has to wait.
    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
