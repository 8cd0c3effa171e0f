//! One chunk of a payload: 64 KiB of text, or less in the last, and a tag.

use super::cipher::{Cipher, TAG};
use crate::error::PayloadFault;

/// Plaintext bytes of every chunk but the last.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Encrypted bytes of every chunk but the last.
pub(crate) const SEALED_CHUNK: usize = CHUNK + TAG;

/// What became of a chunk: so many bytes of the slot are good, and then
/// perhaps something is wrong. Both at once when the chunk is authentic, but
/// at the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Bytes at the start of the slot that may be released.
    pub(crate) length: usize,
    /// Ends the stream behind them.
    pub(crate) fault: Option<PayloadFault>,
}

/// A chunk's place in its payload.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Number, from 0.
    pub(crate) index: u64,
    /// Whether the input ends behind it.
    pub(crate) at_end: bool,
}

/// Encrypts the first `filled` bytes of `slot`, which has room for the tag
/// behind them, and gives the new length.
pub(crate) fn seal(cipher: &impl Cipher, place: Place, slot: &mut [u8], filled: usize) -> usize {
    let (text, rest) = slot.split_at_mut(filled);
    rest[..TAG].copy_from_slice(&cipher.seal(nonce(place.index, place.at_end), text));
    filled + TAG
}

/// Decrypts `slot` in place.
pub(crate) fn open(
    cipher: &impl Cipher,
    place: Place,
    slot: &mut [u8],
    scratch: &mut Vec<u8>,
) -> Outcome {
    let Place { index, at_end } = place;
    let Some(length) = slot.len().checked_sub(TAG) else {
        return Outcome {
            length: 0,
            fault: Some(PayloadFault::Truncated),
        };
    };
    if length == 0 && index > 0 {
        return Outcome {
            length: 0,
            fault: Some(PayloadFault::EmptyLastChunk),
        };
    }
    if cipher.open(nonce(index, at_end), slot, scratch) {
        return Outcome {
            length,
            fault: None,
        };
    }
    // A full chunk may be authentic but at the wrong place: released as Go age
    // does, so that the error can tell a lost end from damage.
    if length == CHUNK && cipher.open(nonce(index, !at_end), slot, scratch) {
        let fault = if at_end {
            PayloadFault::Truncated
        } else {
            PayloadFault::TrailingData
        };
        return Outcome {
            length,
            fault: Some(fault),
        };
    }
    Outcome {
        length: 0,
        fault: Some(PayloadFault::Corrupted),
    }
}

/// 11 bytes of counter and a flag. A counter of 64 bits is enough for a
/// zettabyte.
fn nonce(index: u64, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&index.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}
