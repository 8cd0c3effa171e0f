//! Nonces of a file's values, kept so that unchanged values stay verbatim when they are encrypted
//! again with the same data key.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::plain::Tag;
use crate::value::Iv;

/// Nonces by path, type and plaintext of the values they encrypted.
///
/// Of several equal values under one path (items of a list) each keeps its own nonce, in order;
/// `sops` gives all of them the last one, and so shows that they are equal. Plaintexts are kept as
/// hashes only.
#[derive(Default)]
pub struct Stash(HashMap<[u8; 32], VecDeque<Iv>>);

impl Stash {
    pub(crate) fn put(&mut self, context: &[u8], plain: &[u8], kind: Tag, iv: Iv) {
        self.0
            .entry(digest(context, plain, kind))
            .or_default()
            .push_back(iv);
    }

    /// Takes out the nonce of the next such value.
    pub(crate) fn take(&mut self, context: &[u8], plain: &[u8], kind: Tag) -> Option<Iv> {
        self.0.get_mut(&digest(context, plain, kind))?.pop_front()
    }

    /// How many values are known.
    pub fn len(&self) -> usize {
        self.0.values().map(VecDeque::len).sum()
    }

    /// Whether no value is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Stash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stash(..)")
    }
}

/// A collision would use a nonce for two plaintexts, so nothing weaker than a cryptographic hash
/// of parts that cannot run into each other.
fn digest(context: &[u8], plain: &[u8], kind: Tag) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((context.len() as u64).to_le_bytes());
    hash.update(context);
    hash.update(kind.name().as_bytes());
    hash.update([0]);
    hash.update(plain);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_keep_their_own_nonces_in_order() {
        let mut stash = Stash::default();
        stash.put(b"l:", b"x", Tag::Str, [1; 32]);
        stash.put(b"l:", b"x", Tag::Str, [2; 32]);
        assert_eq!(stash.len(), 2);
        assert_eq!(stash.take(b"l:", b"1", Tag::Str), None);
        assert_eq!(stash.take(b"l:", b"x", Tag::Int), None);
        assert_eq!(stash.take(b"l", b":x", Tag::Str), None);
        assert_eq!(stash.take(b"l:", b"x", Tag::Str), Some([1; 32]));
        assert_eq!(stash.take(b"l:", b"x", Tag::Str), Some([2; 32]));
        assert_eq!(stash.take(b"l:", b"x", Tag::Str), None);
        assert!(stash.is_empty());
    }
}
