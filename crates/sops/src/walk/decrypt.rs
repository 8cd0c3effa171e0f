//! Decrypts what the selector chooses, and computes the MAC of what was found.

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Comment, Origin, Scalar, Value};

use super::{Fault, Place, Visitor};
use crate::mac::Mac;
use crate::plain::{Tag, plain, typed};
use crate::stash::{Known, Stash};
use crate::value::{Cipher, Sealed, ValueError};

/// Turns encrypted values into plain ones.
pub(crate) struct Decryptor<'a> {
    cipher: &'a Cipher,
    mac: Mac,
    stash: Option<&'a mut Stash>,
    /// How many comments that should be encrypted could not be decrypted: like `sops`, we take
    /// them for comments that an older version left in clear.
    clear_comments: usize,
}

impl<'a> Decryptor<'a> {
    pub(crate) fn new(cipher: &'a Cipher, mac: Mac, stash: Option<&'a mut Stash>) -> Self {
        Self {
            cipher,
            mac,
            stash,
            clear_comments: 0,
        }
    }

    /// One for the second half of the same file; it keeps no nonces.
    pub(crate) fn of_rest(&self) -> Self {
        Self::new(self.cipher, self.mac.of_same_rest(), None)
    }

    /// The MAC of all that was walked, and of the `rest` that another walked; and how many
    /// comments stand in clear there.
    pub(crate) fn finish(mut self, rest: Option<Self>) -> (String, usize) {
        if let Some(rest) = rest {
            self.mac.append(&rest.mac);
            self.clear_comments += rest.clear_comments;
        }
        (self.mac.finish(), self.clear_comments)
    }

    /// Opens a value; `element` tells whether it stands as a value, not as a comment.
    fn open(
        &mut self,
        text: &[u8],
        origin: Option<Origin>,
        element: bool,
        place: Place<'_>,
    ) -> Result<(Value, Tag), ValueError> {
        let sealed = Sealed::parse(text)?;
        let (iv, tag) = (sealed.iv(), sealed.kind);
        let bytes = self.cipher.open(sealed, place.context)?;
        let mismatch = ValueError::NotOfType(tag.name());
        let Some(stash) = &mut self.stash else {
            return typed(bytes, tag).map(|value| (value, tag)).ok_or(mismatch);
        };
        let copy = bytes.duplicate();
        let value = typed(bytes, tag).ok_or(mismatch)?;
        if let (Some(iv), Some((rendered, kind))) = (iv, plain(&value)) {
            // A nonce serves one plaintext: not `1.5` for what was `1.50`.
            if *rendered == *copy.expose() {
                let kind = if tag == Tag::Comment { tag } else { kind };
                let known = Known::new(iv, origin, text, element);
                stash.put(place.context, &rendered, kind, known);
            }
        }
        Ok((value, tag))
    }

    fn hash(&mut self, value: &Value, encrypted: bool) {
        if self.mac.counts(encrypted)
            && let Some((bytes, _)) = plain(value)
        {
            self.mac.add(&bytes);
        }
    }
}

impl Visitor for Decryptor<'_> {
    fn scalar(
        &mut self,
        scalar: &mut Scalar,
        place: Place<'_>,
    ) -> Result<Option<SecretBytes>, Fault> {
        if place.encrypted {
            let text = match scalar.value() {
                Value::Bytes(text) | Value::String(text) => text.expose(),
                other => return Err(Fault::NotText(other.type_name())),
            };
            // An empty text is never encrypted.
            if text.is_empty() {
                return Ok(None);
            }
            let (value, tag) = self.open(text, scalar.origin, true, place)?;
            if tag == Tag::Comment {
                return match value {
                    Value::String(ref text) => Ok(Some(text.duplicate())),
                    _ => Err(Fault::ValueIsComment),
                };
            }
            scalar.set(value);
        }
        self.hash(scalar.value(), place.encrypted);
        Ok(None)
    }

    fn comment(
        &mut self,
        comment: &mut Comment,
        place: Place<'_>,
    ) -> Result<Option<Scalar>, Fault> {
        if !place.encrypted || comment.text().is_empty() {
            return Ok(None);
        }
        match self.open(comment.text(), comment.origin, false, place) {
            Ok((Value::String(ref text), Tag::Comment)) => comment.set_text(text.duplicate()),
            Ok((value, _)) => return Err(Fault::CommentIsValue(value.type_name())),
            Err(_) => self.clear_comments += 1,
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use nixseal_document::tree::{Map, Node};

    use super::*;
    use crate::DataKey;
    use crate::selector::Selector;
    use crate::walk::walk;

    /// Decrypts one number that was encrypted with that spelling; gives how many nonces are kept.
    fn kept(spelling: &[u8]) -> usize {
        let cipher = Cipher::new(&DataKey::generate().unwrap());
        let text = cipher.seal(spelling, Tag::Float, b"a:", &[7; 32]).unwrap();
        let mut map = Map::default();
        map.push("a", Node::scalar(Value::String(SecretBytes::new(text))));
        let mut stash = Stash::default();
        let mut decryptor = Decryptor::new(&cipher, Mac::new(false), Some(&mut stash));
        let documents = std::slice::from_mut(&mut map);
        walk(documents, &Selector::Everything, &mut decryptor).unwrap();
        let number = map.get("a").and_then(Node::as_scalar).map(Scalar::value);
        assert!(matches!(number, Some(Value::Float(1.5))));
        stash.len()
    }

    #[test]
    fn a_nonce_is_kept_for_the_same_plaintext_only() {
        assert_eq!(kept(b"1.5"), 1);
        assert_eq!(kept(b"1.50"), 0);
    }
}
