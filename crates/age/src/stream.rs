//! The payload: chunks of 64 KiB, each authenticated, in the STREAM scheme.
//!
//! Follows the C2SP age specification, section "Payload". Plaintext leaves
//! this module only after its chunk authenticated. Short payloads are worked
//! off by the calling thread; long ones by several threads, see [`run`].

mod chunk;
mod cipher;
mod pipeline;
mod reader;
mod source;
mod writer;

pub(crate) use cipher::PayloadKey;
pub(crate) use pipeline::run;
pub(crate) use reader::StreamReader;
pub(crate) use writer::StreamWriter;

use chunk::{CHUNK, Outcome, Place, SEALED_CHUNK};
use cipher::{BulkKey, Cipher};

use crate::{FileKey, derive};

/// Random bytes at the start of a payload, from which its key is derived.
pub(crate) const NONCE_SIZE: usize = 16;

/// Derives a payload's key from the file key and the payload's nonce.
pub(crate) fn payload_key(file_key: &FileKey, nonce: &[u8; NONCE_SIZE]) -> PayloadKey {
    PayloadKey::new(derive::hkdf(nonce, file_key.expose(), b"payload"))
}

/// The direction of work on a payload's chunks.
pub(crate) trait Work: Sync {
    /// Bytes of a full chunk as it is read.
    const INPUT: usize;

    /// The same work for long payloads.
    type Bulk: Work;

    /// Turns to the work for long payloads.
    fn into_bulk(self) -> Self::Bulk;

    /// Works on a chunk in place: its first `filled` bytes come from the input.
    fn work(&self, place: Place, slot: &mut [u8], filled: usize, scratch: &mut Vec<u8>) -> Outcome;
}

/// Encrypts chunks.
pub(crate) struct Seal<C>(pub(crate) C);

/// Decrypts chunks.
pub(crate) struct Open<C>(pub(crate) C);

impl<C: Cipher + Into<BulkKey>> Work for Seal<C> {
    const INPUT: usize = CHUNK;
    type Bulk = Seal<BulkKey>;

    fn into_bulk(self) -> Self::Bulk {
        Seal(self.0.into())
    }

    fn work(&self, place: Place, slot: &mut [u8], filled: usize, _: &mut Vec<u8>) -> Outcome {
        Outcome {
            length: chunk::seal(&self.0, place, slot, filled),
            fault: None,
        }
    }
}

impl<C: Cipher + Into<BulkKey>> Work for Open<C> {
    const INPUT: usize = SEALED_CHUNK;
    type Bulk = Open<BulkKey>;

    fn into_bulk(self) -> Self::Bulk {
        Open(self.0.into())
    }

    fn work(&self, place: Place, slot: &mut [u8], filled: usize, scratch: &mut Vec<u8>) -> Outcome {
        chunk::open(
            &self.0,
            place,
            slot.get_mut(..filled).unwrap_or_default(),
            scratch,
        )
    }
}
