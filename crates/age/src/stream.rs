//! The payload: chunks of 64 KiB, each authenticated, in the STREAM scheme.
//!
//! Follows the C2SP age specification, section "Payload". Plaintext leaves
//! this module only after its chunk authenticated. Short payloads are worked
//! off by the calling thread; long ones by several threads ([`pipeline`]).

mod chunk;
mod pipeline;
mod reader;
mod source;
mod writer;

pub(crate) use chunk::{PayloadKey, SEALED_CHUNK};
pub(crate) use pipeline::run;
pub(crate) use reader::StreamReader;
pub(crate) use writer::StreamWriter;

/// Random bytes at the start of a payload, from which its key is derived.
pub(crate) const NONCE_SIZE: usize = 16;

/// The direction of work on a payload's chunks.
pub(crate) trait Work: Sync {
    /// Bytes of a full chunk as it is read.
    const INPUT: usize;

    /// Works on chunk `index` in place: its first `filled` bytes come from the
    /// input. `at_end` says that the input ends behind them.
    fn work(&self, index: u64, at_end: bool, slot: &mut [u8], filled: usize) -> chunk::Outcome;
}

/// Encrypts chunks.
pub(crate) struct Seal(pub(crate) PayloadKey);

/// Decrypts chunks.
pub(crate) struct Open(pub(crate) PayloadKey);

impl Work for Seal {
    const INPUT: usize = chunk::CHUNK;

    fn work(&self, index: u64, at_end: bool, slot: &mut [u8], filled: usize) -> chunk::Outcome {
        chunk::Outcome::whole(self.0.seal(index, at_end, slot, filled))
    }
}

impl Work for Open {
    const INPUT: usize = SEALED_CHUNK;

    fn work(&self, index: u64, at_end: bool, slot: &mut [u8], filled: usize) -> chunk::Outcome {
        self.0
            .open(index, at_end, slot.get_mut(..filled).unwrap_or_default())
    }
}
