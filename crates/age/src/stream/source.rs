//! Cuts an input into chunks and finds out which is the last.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::{CHUNK, Place, SEALED_CHUNK, Work};
use crate::error::Error;

/// Consecutive chunks that are read, worked on and written together.
pub(crate) struct Batch {
    /// One slot of [`SEALED_CHUNK`] bytes a chunk.
    slots: Zeroizing<Vec<u8>>,
    /// How many bytes of each slot were read.
    filled: Vec<usize>,
    /// How many bytes of each slot were worked on and may be handed out. Kept
    /// apart, so that no other bytes ever are.
    ready: Vec<usize>,
    /// Room for ciphers that need it.
    scratch: Vec<u8>,
    /// Number of the first chunk.
    index: u64,
    /// Whether the input ends behind the last chunk.
    at_end: bool,
}

impl Batch {
    /// An empty batch with room for `chunks`.
    pub(crate) fn new(chunks: usize) -> Self {
        Self {
            slots: Zeroizing::new(vec![0; chunks * SEALED_CHUNK]),
            filled: Vec::with_capacity(chunks),
            ready: Vec::with_capacity(chunks),
            scratch: Vec::new(),
            index: 0,
            at_end: false,
        }
    }

    /// Works on all chunks in place, up to the first that is bad.
    ///
    /// # Errors
    /// [`Error::Payload`]; the good chunks before it stay in the batch.
    pub(crate) fn work<W: Work>(&mut self, work: &W) -> Result<(), Error> {
        self.ready.clear();
        let slots = self.slots.chunks_exact_mut(SEALED_CHUNK);
        for (number, (slot, filled)) in slots.zip(&self.filled).enumerate() {
            let index = self.index + number as u64;
            let at_end = self.at_end && number + 1 == self.filled.len();
            let outcome = work.work(Place { index, at_end }, slot, *filled, &mut self.scratch);
            self.ready.push(outcome.length);
            if let Some(reason) = outcome.fault {
                let offset = index.saturating_mul(CHUNK as u64);
                return Err(Error::Payload {
                    chunk: index,
                    offset,
                    reason,
                });
            }
        }
        Ok(())
    }

    /// The worked pieces, neighbours joined so that they are written at once.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let whole = self
            .ready
            .split_last()
            .is_none_or(|(_, before)| before.iter().all(|length| *length == SEALED_CHUNK));
        let (joined, single) = if whole {
            (self.slots.get(..self.length()), [].as_slice())
        } else {
            (None, self.ready.as_slice())
        };
        let slots = self.slots.chunks_exact(SEALED_CHUNK);
        let separate = slots
            .zip(single)
            .filter_map(|(slot, length)| slot.get(..*length));
        joined.into_iter().chain(separate)
    }

    /// Bytes in all pieces.
    pub(crate) fn length(&self) -> usize {
        self.ready.iter().sum()
    }
}

/// An input that is read batch by batch, one byte ahead.
pub(crate) struct Source<R> {
    input: R,
    ahead: Option<u8>,
    next_index: u64,
    ended: bool,
}

impl<R: Read> Source<R> {
    /// Starts at chunk 0.
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            ahead: None,
            next_index: 0,
            ended: false,
        }
    }

    /// Whether the last batch was handed out.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Fills `batch` with chunks of `size` bytes. Also an empty input has one
    /// chunk, an empty one.
    ///
    /// # Errors
    /// The reader's; the source has then ended.
    pub(crate) fn fill(&mut self, batch: &mut Batch, size: usize) -> io::Result<()> {
        self.ended = true;
        batch.index = self.next_index;
        batch.at_end = false;
        batch.filled.clear();
        batch.ready.clear();
        for slot in batch.slots.chunks_exact_mut(SEALED_CHUNK) {
            let Some(slot) = slot.get_mut(..size) else {
                break;
            };
            let filled = self.fill_slot(slot)?;
            if filled > 0 || self.next_index == 0 {
                batch.filled.push(filled);
                self.next_index += 1;
            }
            if filled < size {
                batch.at_end = true;
                return Ok(());
            }
        }
        let mut ahead = [0];
        batch.at_end = read_full(&mut self.input, &mut ahead)? == 0;
        if !batch.at_end {
            self.ahead = Some(ahead[0]);
            self.ended = false;
        }
        Ok(())
    }

    fn fill_slot(&mut self, slot: &mut [u8]) -> io::Result<usize> {
        match (self.ahead.take(), slot.split_first_mut()) {
            (Some(byte), Some((first, rest))) => {
                *first = byte;
                Ok(1 + read_full(&mut self.input, rest)?)
            }
            _ => read_full(&mut self.input, slot),
        }
    }
}

/// Reads until `buffer` is full or the input ends.
pub(crate) fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
