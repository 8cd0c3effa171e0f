//! One chunk of a payload: 64 KiB of text, or less in the last, and a tag.

use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Nonce, Tag};

use super::NONCE_SIZE;
use crate::error::PayloadFault;
use crate::{FileKey, derive};

/// Plaintext bytes of every chunk but the last.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Bytes of an authentication tag.
const TAG: usize = 16;

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

impl Outcome {
    /// Nothing is wrong.
    pub(crate) fn whole(length: usize) -> Self {
        Self {
            length,
            fault: None,
        }
    }

    fn nothing(fault: PayloadFault) -> Self {
        Self {
            length: 0,
            fault: Some(fault),
        }
    }
}

/// The key of one payload, wiped on drop.
pub(crate) struct PayloadKey(ChaCha20Poly1305);

impl PayloadKey {
    /// Derives the key from the file key and the payload's nonce.
    pub(crate) fn derive(file_key: &FileKey, nonce: &[u8; NONCE_SIZE]) -> Self {
        let key = derive::hkdf(nonce, file_key.expose(), b"payload");
        Self(ChaCha20Poly1305::new((&*key).into()))
    }

    /// Encrypts the first `filled` bytes of `slot`, which has room for the tag
    /// behind them, and gives the new length.
    pub(crate) fn seal(&self, index: u64, last: bool, slot: &mut [u8], filled: usize) -> usize {
        let (text, rest) = slot.split_at_mut(filled);
        let tag = self
            .0
            .encrypt_inout_detached(&nonce(index, last), &[], text.into())
            .expect("a chunk is within the cipher's limit");
        rest[..TAG].copy_from_slice(&tag);
        filled + TAG
    }

    /// Decrypts `slot` in place. `at_end`: the input ends behind it.
    pub(crate) fn open(&self, index: u64, at_end: bool, slot: &mut [u8]) -> Outcome {
        if slot.len() < TAG {
            return Outcome::nothing(PayloadFault::Truncated);
        }
        let full = slot.len() == SEALED_CHUNK;
        if slot.len() == TAG && index > 0 {
            return Outcome::nothing(PayloadFault::EmptyLastChunk);
        }
        if let Some(length) = self.try_open(index, at_end, slot) {
            return Outcome::whole(length);
        }
        // A full chunk may be authentic but at the wrong place: released as Go
        // age does, so that the error can tell a lost end from damage.
        match full.then(|| self.try_open(index, !at_end, slot)).flatten() {
            Some(length) if at_end => Outcome {
                length,
                fault: Some(PayloadFault::Truncated),
            },
            Some(length) => Outcome {
                length,
                fault: Some(PayloadFault::TrailingData),
            },
            None => Outcome::nothing(PayloadFault::Corrupted),
        }
    }

    /// Leaves `slot` as it was when it does not authenticate.
    fn try_open(&self, index: u64, last: bool, slot: &mut [u8]) -> Option<usize> {
        let (text, tag) = slot.split_at_mut(slot.len().checked_sub(TAG)?);
        let tag = Tag::try_from(&*tag).ok()?;
        self.0
            .decrypt_inout_detached(&nonce(index, last), &[], text.into(), &tag)
            .ok()?;
        Some(slot.len() - TAG)
    }
}

/// 11 bytes of counter and a flag. A counter of 64 bits is enough for a
/// zettabyte.
fn nonce(index: u64, last: bool) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[3..11].copy_from_slice(&index.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}
