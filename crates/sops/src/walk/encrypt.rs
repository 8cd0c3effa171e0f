//! Encrypts what the selector chooses, and computes the MAC of what was found.

use aes_gcm::KeyInit as _;
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::BlockCipherEncrypt as _;
use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Comment, Origin, Scalar, Value};
use zeroize::Zeroizing;

use super::{Fault, Place, Visitor};
use crate::mac::Mac;
use crate::plain::{Tag, plain};
use crate::selector::Selector;
use crate::stash::Stash;
use crate::value::{Cipher, Iv};

/// From this size on a value is hashed while it is encrypted, on a second processor.
const LARGE: usize = 1 << 20;

/// How encrypted comments of lists are written; `sops` reads both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListComments {
    /// As comments, which keeps the layout.
    Comments,
    /// As elements of the list, as `sops` writes them. Where comments select values this would
    /// leave a file that `sops` cannot read (its issue 2281): they stay comments then.
    #[default]
    Elements,
}

/// Turns plain values into encrypted ones.
pub(crate) struct Encryptor<'a> {
    cipher: &'a Cipher,
    mac: Mac,
    selector: &'a Selector,
    stash: Option<&'a mut Stash>,
    elements: bool,
    nonces: Nonces,
}

impl<'a> Encryptor<'a> {
    pub(crate) fn new(
        cipher: &'a Cipher,
        mac: Mac,
        selector: &'a Selector,
        stash: Option<&'a mut Stash>,
        list_comments: ListComments,
    ) -> Self {
        let elements = list_comments == ListComments::Elements && !selector.is_by_comment();
        Self {
            cipher,
            mac,
            selector,
            stash,
            elements,
            nonces: Nonces::default(),
        }
    }

    /// One for the second half of the same file, of whose values nothing is known from before.
    pub(crate) fn of_rest(&self) -> Self {
        Self {
            mac: self.mac.of_same_rest(),
            stash: None,
            nonces: Nonces::default(),
            ..*self
        }
    }

    /// The MAC of all that was walked, and of the `rest` that another walked.
    pub(crate) fn finish(mut self, rest: Option<Self>) -> String {
        if let Some(rest) = rest {
            self.mac.append(&rest.mac);
        }
        self.mac.finish()
    }

    fn seal(
        &mut self,
        plain: &[u8],
        tag: Tag,
        origin: Option<Origin>,
        place: Place<'_>,
    ) -> Result<Outcome, Fault> {
        let stash = self.stash.as_mut();
        let known = stash.and_then(|stash| stash.take(place.context, plain, tag, origin));
        let iv = known.map_or_else(|| self.nonces.next(), |known| Ok(known.iv))?;
        let text = self.cipher.seal(plain, tag, place.context, &iv)?;
        let stood = known.is_some_and(|known| known.stood_at(origin));
        let same = stood && known.is_some_and(|known| known.is_text(&text));
        // Also in a text that was typed anew, and with another key, a comment stays what it was
        // in the encrypted file.
        let element = known.map(|known| known.element);
        Ok(Outcome {
            text: SecretBytes::new(text),
            stood,
            same,
            element,
        })
    }

    /// Hashes and encrypts a large value at the same time.
    fn seal_large(
        &mut self,
        plain: &[u8],
        tag: Tag,
        origin: Option<Origin>,
        place: Place<'_>,
    ) -> Result<Outcome, Fault> {
        let mut mac = std::mem::replace(&mut self.mac, Mac::new(false));
        let (sealed, mac) = std::thread::scope(|scope| {
            let hashing = scope.spawn(move || {
                mac.add(plain);
                mac
            });
            (self.seal(plain, tag, origin, place), hashing.join())
        });
        self.mac = mac.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        sealed
    }
}

/// An encrypted value.
struct Outcome {
    text: SecretBytes,
    /// Whether what was decrypted stands at its place, be it with another text.
    stood: bool,
    /// Whether it is what stands in the text at its place.
    same: bool,
    /// Whether what was decrypted was an element of a list, where it is known.
    element: Option<bool>,
}

impl Visitor for Encryptor<'_> {
    fn scalar(
        &mut self,
        scalar: &mut Scalar,
        place: Place<'_>,
    ) -> Result<Option<SecretBytes>, Fault> {
        let Some((bytes, tag)) = plain(scalar.value()) else {
            return Ok(None);
        };
        let sealed = if place.encrypted && bytes.len() >= LARGE {
            self.seal_large(&bytes, tag, scalar.origin, place)?
        } else {
            if self.mac.counts(place.encrypted) {
                self.mac.add(&bytes);
            }
            // An empty text is never encrypted.
            if !place.encrypted || bytes.is_empty() {
                return Ok(None);
            }
            self.seal(&bytes, tag, scalar.origin, place)?
        };
        drop(bytes);
        let value = Value::String(sealed.text);
        if sealed.same {
            scalar.restore(value)
        } else {
            scalar.set(value)
        }
        Ok(None)
    }

    fn comment(
        &mut self,
        comment: &mut Comment,
        place: Place<'_>,
    ) -> Result<Option<Scalar>, Fault> {
        if !place.encrypted {
            return Ok(None);
        }
        // An empty comment is never encrypted. In a list `sops` would read it as an empty value:
        // a blank keeps it a comment.
        let text = match comment.text() {
            b"" if !place.in_list => return Ok(None),
            b"" => b" ",
            text => text,
        };
        let sealed = self.seal(text, Tag::Comment, comment.origin, place)?;
        if self.selector.matches_comment(sealed.text.expose()) && !self.selector.encrypts(true) {
            return Err(Fault::EncryptedCommentMatches);
        }
        if place.in_list && sealed.element.unwrap_or(self.elements) {
            let mut scalar = Scalar::new(Value::Null);
            scalar.origin = sealed.stood.then_some(comment.origin).flatten();
            let text = Value::String(sealed.text);
            if sealed.same {
                scalar.restore(text);
            } else {
                scalar.set(text);
            }
            return Ok(Some(scalar));
        }
        if sealed.same {
            comment.restore(sealed.text)
        } else {
            comment.set_text(sealed.text)
        }
        Ok(None)
    }
}

/// Random nonces: the output of AES-256 in counter mode under a key that the system gave for this
/// one file. To fetch each from the system would cost more than the encryption of a short value.
/// They are no secret.
#[derive(Default)]
struct Nonces {
    source: Option<Aes256>,
    counter: u128,
}

impl Nonces {
    fn next(&mut self) -> Result<Iv, Fault> {
        let source = match &self.source {
            Some(source) => source,
            None => {
                let mut key = Zeroizing::new([0; 32]);
                let filled = getrandom::fill(key.as_mut());
                filled.map_err(|error| Fault::Randomness(error.to_string()))?;
                self.source.insert(Aes256::new((&*key).into()))
            }
        };
        let mut nonce = [0; 32];
        for half in nonce.chunks_exact_mut(16) {
            let mut block = self.counter.to_le_bytes().into();
            self.counter += 1;
            source.encrypt_block(&mut block);
            half.copy_from_slice(&block);
        }
        Ok(nonce)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_nonce_comes_twice() {
        let mut seen = HashSet::new();
        for _ in 0..20 {
            let mut nonces = Nonces::default();
            for _ in 0..500 {
                let nonce = nonces.next().unwrap();
                assert!(seen.insert(nonce));
                // Neither do their halves.
                assert_ne!(nonce[..16], nonce[16..]);
            }
        }
    }
}
