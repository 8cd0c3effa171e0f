//! Nonces of a file's values, kept so that unchanged values stay verbatim when they are encrypted
//! again with the same data key.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;

use nixseal_base::span::Span;
use nixseal_document::tree::Origin;
use sha2::{Digest as _, Sha256};

use crate::plain::Tag;
use crate::value::Iv;

/// Nonces by path, type and plaintext of the values they encrypted.
///
/// Of several equal values under one path (items of a list) each keeps its own nonce; `sops` gives
/// all of them the last one, and so shows that they are equal. Plaintexts are kept as hashes only.
#[derive(Default)]
pub struct Stash(HashMap<[u8; 32], VecDeque<Known>>);

/// What is known of an encrypted value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) iv: Iv,
    /// Where it stood in the text.
    pub(crate) place: Option<Span>,
    /// Hash of its encrypted text.
    text: [u8; 32],
    /// Whether it was an element of a list, be it one that stands for a comment.
    pub(crate) element: bool,
}

impl Known {
    pub(crate) fn new(iv: Iv, origin: Option<Origin>, text: &[u8], element: bool) -> Self {
        let place = origin.map(|origin| origin.span);
        Self {
            iv,
            place,
            text: Sha256::digest(text).into(),
            element,
        }
    }

    /// Whether it was that very text.
    pub(crate) fn is_text(&self, text: &[u8]) -> bool {
        self.text == <[u8; 32]>::from(Sha256::digest(text))
    }

    /// Whether it stood at that place.
    pub(crate) fn stood_at(&self, origin: Option<Origin>) -> bool {
        self.place.is_some() && self.place == origin.map(|origin| origin.span)
    }
}

impl Stash {
    /// How many of many equal values are looked at for the one of the same place.
    const SEARCH: usize = 64;

    pub(crate) fn put(&mut self, context: &[u8], plain: &[u8], kind: Tag, known: Known) {
        self.0
            .entry(digest(context, plain, kind))
            .or_default()
            .push_back(known);
    }

    /// Takes out what is known of the value at that place, else of the next equal one.
    pub(crate) fn take(
        &mut self,
        context: &[u8],
        plain: &[u8],
        kind: Tag,
        origin: Option<Origin>,
    ) -> Option<Known> {
        let known = self.0.get_mut(&digest(context, plain, kind))?;
        let place = known
            .iter()
            .take(Self::SEARCH)
            .position(|known| known.stood_at(origin));
        known.remove(place.unwrap_or(0))
    }

    /// Forgets where values stood: for a text that is another one now.
    pub fn forget_places(&mut self) {
        for known in self.0.values_mut().flatten() {
            known.place = None;
        }
    }

    /// Adds what another version of the file with the same data key knows. A nonce that is known
    /// here already is not known twice: it would serve two equal values then.
    pub fn absorb(&mut self, other: Self) {
        for (digest, known) in other.0 {
            let here = self.0.entry(digest).or_default();
            let nonces: HashSet<Iv> = here.iter().map(|known| known.iv).collect();
            here.extend(
                known
                    .into_iter()
                    .filter(|known| !nonces.contains(&known.iv)),
            );
        }
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
        let known = |number: u8| Known::new([number; 32], None, b"text", false);
        let mut stash = Stash::default();
        stash.put(b"l:", b"x", Tag::Str, known(1));
        stash.put(b"l:", b"x", Tag::Str, known(2));
        assert_eq!(stash.len(), 2);
        let mut take = |context: &[u8], plain: &[u8], kind| {
            stash
                .take(context, plain, kind, None)
                .map(|known| known.iv[0])
        };
        assert_eq!(take(b"l:", b"1", Tag::Str), None);
        assert_eq!(take(b"l:", b"x", Tag::Int), None);
        assert_eq!(take(b"l", b":x", Tag::Str), None);
        assert_eq!(take(b"l:", b"x", Tag::Str), Some(1));
        assert_eq!(take(b"l:", b"x", Tag::Str), Some(2));
        assert_eq!(take(b"l:", b"x", Tag::Str), None);
        assert!(stash.is_empty());
    }
}
