//! A decrypted file whose text was edited.

use nixseal_document::tree::{Comment, Entry, Item, Map, Node};
use nixseal_document::{Document, Format, parse};
use zeroize::Zeroizing;

use crate::envelope::Envelope;
use crate::error::Error;
use crate::file::DecryptedFile;

impl DecryptedFile {
    /// Puts an edited text in the place of the documents. Encrypted again, values that are the
    /// same under the same keys keep their encrypted text, wherever they stand now. Written with
    /// [`Layout::Kept`](crate::Layout::Kept), the file has the layout of `text`, and its metadata
    /// that of before where it stood at the end.
    ///
    /// # Errors
    /// [`Error::Parse`] when `text` is not of the file's format, [`Error::Empty`].
    pub fn edited(self, text: &[u8]) -> Result<Self, Error> {
        let Self {
            document: before,
            envelope,
            mut stash,
            ..
        } = self;
        let format = envelope.format();
        let document = parse(format, text).map_err(Error::Parse)?;
        if document.branches.is_empty() {
            return Err(Error::Empty);
        }
        // Places in the old text mean nothing in the new one.
        stash.forget_places();
        let (document, envelope) = match with_block(&before, &envelope, text, &document) {
            Some(kept) => kept,
            None => (document, envelope.into_format(format)),
        };
        Ok(Self {
            document,
            envelope,
            stash,
            clear_comments: 0,
        })
    }
}

/// The edited text with the old metadata below it, read again; none unless that is sure to change
/// nothing else.
fn with_block(
    before: &Document,
    envelope: &Envelope,
    text: &[u8],
    edited: &Document,
) -> Option<(Document, Envelope)> {
    if envelope.format() != Format::Yaml || edited.branches.len() != 1 {
        return None;
    }
    let block = last_block(before.text()?, envelope)?;
    let mut joined = Zeroizing::new(Vec::with_capacity(text.len() + block.len() + 1));
    joined.extend_from_slice(text);
    if !text.ends_with(b"\n") {
        joined.push(b'\n');
    }
    joined.extend_from_slice(block.as_bytes());
    let mut document = parse(Format::Yaml, &joined).ok()?;
    let envelope = Envelope::take(&mut document.branches, Format::Yaml).ok()?;
    let same = match (document.branches.as_slice(), edited.branches.as_slice()) {
        ([one], [two]) => same_map(one, two),
        _ => false,
    };
    same.then_some((document, envelope))
}

/// The lines of the metadata, if nothing follows them.
fn last_block<'a>(text: &'a str, envelope: &Envelope) -> Option<&'a str> {
    let (start, end) = envelope.only_block()?;
    let line = text.get(..start)?;
    let alone = line.is_empty() || line.ends_with('\n');
    let last = text.get(end..)?.trim().is_empty();
    (alone && last).then(|| text.get(start..)).flatten()
}

/// Same pairs, and the same comments in the same maps and lists.
fn same_map(one: &Map, two: &Map) -> bool {
    one.entries.len() == two.entries.len()
        && one.entries.iter().zip(&two.entries).all(|pair| match pair {
            (Entry::Comment(one), Entry::Comment(two)) => same_comment(one, two),
            (Entry::Pair(one), Entry::Pair(two)) => {
                one.key == two.key && same_node(&one.value, &two.value)
            }
            _ => false,
        })
}

fn same_node(one: &Node, two: &Node) -> bool {
    match (one, two) {
        (Node::Map(one), Node::Map(two)) => same_map(one, two),
        (Node::Scalar(one), Node::Scalar(two)) => one.value().same(two.value()),
        (Node::List(one), Node::List(two)) => {
            one.items.len() == two.items.len()
                && one.items.iter().zip(&two.items).all(|pair| match pair {
                    (Item::Comment(one), Item::Comment(two)) => same_comment(one, two),
                    (Item::Value(one), Item::Value(two)) => same_node(one, two),
                    _ => false,
                })
        }
        _ => false,
    }
}

fn same_comment(one: &Comment, two: &Comment) -> bool {
    one.text() == two.text()
}
