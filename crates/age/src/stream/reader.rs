//! A payload's plaintext as a reader, for callers that pull.

use std::io::{self, Read};

use super::source::{Batch, Source};
use super::{Open, PayloadKey, Work};

/// Decrypts chunk by chunk in the reading thread. Errors are
/// [`Error`](crate::Error)s within an [`io::Error`].
pub(crate) struct StreamReader<R> {
    source: Source<R>,
    work: Open<PayloadKey>,
    batch: Batch,
    /// How much of the batch was handed out.
    position: usize,
    /// Why nothing follows the batch, told once it was handed out.
    fault: Option<crate::Error>,
    /// An error was told: whoever goes on reading must not see a clean end.
    failed: bool,
}

impl<R: Read> StreamReader<R> {
    /// Reads chunks from `input`, which is behind the payload's nonce.
    pub(crate) fn new(key: PayloadKey, input: R) -> Self {
        Self {
            source: Source::new(input),
            work: Open(key),
            batch: Batch::new(1),
            position: 0,
            fault: None,
            failed: false,
        }
    }

    fn unread(&self) -> &[u8] {
        self.batch
            .pieces()
            .next()
            .and_then(|piece| piece.get(self.position..))
            .unwrap_or_default()
    }
}

impl<R: Read> Read for StreamReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.unread().is_empty() {
            if let Some(error) = self.fault.take() {
                self.failed = true;
                return Err(error.into_io());
            }
            if self.failed {
                return Err(io::Error::other("reading went on after an error"));
            }
            if self.source.has_ended() {
                return Ok(0);
            }
            self.position = 0;
            match self.source.fill(&mut self.batch, Open::<PayloadKey>::INPUT) {
                Ok(()) => self.fault = self.batch.work(&self.work).err(),
                Err(error) => self.fault = Some(crate::Error::from_read(error)),
            }
        }
        let count = self.unread().read(buffer)?;
        self.position += count;
        Ok(count)
    }
}
