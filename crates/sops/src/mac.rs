//! The MAC over all values of a file: SHA-512 of their plaintexts in document order, in
//! hexadecimal, encrypted like a value under the time of the last change.

use std::fmt::Write as _;

use nixseal_base::secret::{SecretBytes, wipe_buffer};
use sha2::{Digest as _, Sha512};

/// Put before the values where only encrypted ones count, so that the two kinds of MAC never
/// equal each other: the SHA-256 of `sops`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A MAC in the making.
pub(crate) struct Mac {
    hash: Sha512,
    only_encrypted: bool,
    /// What is to be hashed later, behind what is hashed elsewhere; none for a MAC that hashes.
    kept: Option<Kept>,
}

/// Plaintexts in their order, in blocks that never grow, so that no copies stay behind.
#[derive(Default)]
struct Kept {
    full: Vec<SecretBytes>,
    last: Vec<u8>,
}

impl Kept {
    const BLOCK: usize = 64 * 1024;

    fn add(&mut self, plain: &[u8]) {
        if self.last.capacity() - self.last.len() < plain.len() {
            let block = Vec::with_capacity(Self::BLOCK.max(plain.len()));
            self.full
                .push(SecretBytes::new(std::mem::replace(&mut self.last, block)));
        }
        self.last.extend_from_slice(plain);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        wipe_buffer(&mut self.last);
    }
}

impl Mac {
    pub(crate) fn new(only_encrypted: bool) -> Self {
        let mut hash = Sha512::new();
        if only_encrypted {
            hash.update(ONLY_ENCRYPTED);
        }
        Self {
            hash,
            only_encrypted,
            kept: None,
        }
    }

    /// One that keeps values for [`Self::append`]: what stands in the second half of a file.
    pub(crate) fn of_same_rest(&self) -> Self {
        Self {
            hash: Sha512::new(),
            only_encrypted: self.only_encrypted,
            kept: Some(Kept::default()),
        }
    }

    /// Adds what another kept.
    pub(crate) fn append(&mut self, rest: &Self) {
        if let Some(kept) = &rest.kept {
            for block in &kept.full {
                self.add(block.expose());
            }
            self.add(&kept.last);
        }
    }

    /// Whether a value counts.
    pub(crate) fn counts(&self, encrypted: bool) -> bool {
        encrypted || !self.only_encrypted
    }

    /// Adds a value that counts.
    pub(crate) fn add(&mut self, plain: &[u8]) {
        match &mut self.kept {
            Some(kept) => kept.add(plain),
            None => self.hash.update(plain),
        }
    }

    /// Upper-case hexadecimal.
    pub(crate) fn finish(self) -> String {
        let digest = self.hash.finalize();
        digest
            .iter()
            .fold(String::with_capacity(128), |mut text, byte| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02X}");
                text
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_the_hash_of_the_name() {
        assert_eq!(
            ONLY_ENCRYPTED.as_slice(),
            sha2::Sha256::digest(b"sops").as_slice()
        );
    }

    #[test]
    fn what_is_kept_counts_behind_the_rest() {
        let long = vec![b'x'; Kept::BLOCK + 1];
        for only_encrypted in [false, true] {
            let mut whole = Mac::new(only_encrypted);
            let (mut one, mut two) = (Mac::new(only_encrypted), whole.of_same_rest());
            for piece in [&b"abc"[..], b"", &long] {
                whole.add(piece);
                one.add(piece);
            }
            for piece in [&b"d"[..], &long, b"ef", &long] {
                whole.add(piece);
                two.add(piece);
            }
            one.append(&two);
            assert_eq!(whole.finish(), one.finish());
        }
    }

    #[test]
    fn both_kinds_differ() {
        let finish = |only| {
            let mut mac = Mac::new(only);
            assert_eq!(mac.counts(false), !only);
            mac.add(b"abc");
            mac.finish()
        };
        assert!(finish(false).starts_with("DDAF35A193617ABACC417349AE204131"));
        assert_ne!(finish(false), finish(true));
    }
}
