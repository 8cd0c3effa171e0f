//! Where metadata stands in a document: a `sops` map in YAML, JSON and binary files, a `sops`
//! section of flattened keys in INI, flattened keys with the prefix `sops_` in dotenv.

use nixseal_base::secret::SecretBytes;
use nixseal_document::Format;
use nixseal_document::tree::{Entry, Item, List, Map, Node, Pair, Scalar, Value};

use super::{Metadata, MetadataError, flat, read, write};

const KEY: &str = "sops";
const PREFIX: &str = "sops_";

/// A `sops` block taken out of a document, to be put back where it stood.
#[derive(Debug)]
pub(crate) struct Block {
    document: usize,
    /// Its place among the entries; none for the end.
    index: Option<usize>,
    pair: Pair,
}

impl Block {
    /// Where it was read.
    pub(crate) fn place(&self) -> Option<(usize, usize)> {
        let value = self.pair.value.origin()?;
        Some((self.pair.origin?.span.start, value.span.end))
    }
}

/// The first key of a document under which metadata stand in that format.
pub(crate) fn metadata_key(document: &Map, format: Format) -> Option<&str> {
    document
        .pairs()
        .map(|pair| pair.key.as_str())
        .find(|key| is_metadata(key, format))
}

fn is_metadata(key: &str, format: Format) -> bool {
    if format == Format::Dotenv {
        key.starts_with(PREFIX)
    } else {
        key == KEY
    }
}

/// Takes the metadata out of all documents; those of the first one count. Gives the blocks as
/// they were read too, for [`attach`].
pub(crate) fn extract(
    documents: &mut [Map],
    format: Format,
) -> Result<(Metadata, Vec<Block>), MetadataError> {
    let mut blocks = Vec::new();
    for (document, map) in documents.iter_mut().enumerate() {
        let before = blocks.len();
        for (index, entry) in std::mem::take(&mut map.entries).into_iter().enumerate() {
            match entry {
                Entry::Pair(pair) if is_metadata(&pair.key, format) => {
                    blocks.push(Block {
                        document,
                        index: Some(index),
                        pair,
                    });
                }
                other => map.entries.push(other),
            }
        }
        // What stands at the end shall stay there, also after values that are added.
        let data = map.entries.len();
        for (order, block) in blocks.iter_mut().skip(before).enumerate() {
            block.index = block.index.filter(|index| index - order < data);
        }
    }
    let first = || blocks.iter().filter(|block| block.document == 0);
    let metadata = match format {
        Format::Dotenv => {
            let pairs: Vec<&Pair> = first().map(|block| &block.pair).collect();
            unflattened(pairs, PREFIX, format)?
        }
        _ if first().count() > 1 => {
            return Err(MetadataError::new("", "the key 'sops' is there twice"));
        }
        _ => {
            let Some(block) = first().next() else {
                return Err(MetadataError::Missing);
            };
            let map = block.pair.value.as_map();
            let map = map.ok_or_else(|| MetadataError::new("", "it has to be a map"))?;
            match format {
                Format::Ini => unflattened(map.pairs().collect(), "", format)?,
                _ => read::read(map.copy(), format == Format::Binary)?,
            }
        }
    };
    Ok((metadata, blocks))
}

fn unflattened(pairs: Vec<&Pair>, prefix: &str, format: Format) -> Result<Metadata, MetadataError> {
    if pairs.is_empty() {
        return Err(MetadataError::Missing);
    }
    let mut flat = Vec::new();
    for pair in pairs {
        let key = pair
            .key
            .strip_prefix(prefix)
            .unwrap_or(&pair.key)
            .to_owned();
        let Node::Scalar(scalar) = &pair.value else {
            return Err(MetadataError::new(&key, "it has to be a text"));
        };
        // INI files of some versions have real line ends, those of others have `\n`.
        let value = match (format, scalar.value().as_str()) {
            (Format::Ini, Some(text)) => Value::text(&text.replace("\\n", "\n")),
            _ => scalar.value().duplicate(),
        };
        flat.push((key, value));
    }
    read::read(flat::unflatten(flat)?, false)
}

/// Puts metadata into all documents: with the blocks that [`extract`] gave they stand where they
/// stood and keep what did not change; without, they stand at the end.
pub(crate) fn attach(
    documents: &mut [Map],
    metadata: &Metadata,
    format: Format,
    blocks: Vec<Block>,
) {
    let flattened = matches!(format, Format::Dotenv | Format::Ini);
    let mut blocks = blocks.into_iter().peekable();
    for (document, map) in documents.iter_mut().enumerate() {
        let mut written = Map::default();
        let tree = write::write(metadata, flattened);
        if flattened {
            for (key, scalar) in flat::flatten(tree) {
                written.push(&key, Node::Scalar(escaped(scalar, format)));
            }
        } else {
            written = tree;
        }
        let mut known = Vec::new();
        while let Some(block) = blocks.next_if(|block| block.document == document) {
            known.push(block);
        }
        if format == Format::Dotenv {
            attach_lines(map, written, known);
        } else {
            attach_block(map, written, known);
        }
    }
}

fn attach_block(map: &mut Map, written: Map, mut known: Vec<Block>) {
    // Later documents may hold several; one is enough.
    known.truncate(1);
    match known.pop() {
        Some(Block {
            index, mut pair, ..
        }) => {
            graft(&mut pair.value, Node::Map(written));
            insert(map, index, pair);
        }
        None => map.push(KEY, Node::Map(written)),
    }
}

/// Lines of dotenv metadata: known ones at their places, new ones at the end.
fn attach_lines(map: &mut Map, mut written: Map, known: Vec<Block>) {
    for Block {
        index, mut pair, ..
    } in known
    {
        let name = pair.key.strip_prefix(PREFIX).unwrap_or_default();
        if let Some(new) = written.remove(name) {
            graft(&mut pair.value, new.value);
            insert(map, index, pair);
        }
    }
    for entry in written.entries {
        if let Entry::Pair(pair) = entry {
            map.push(&format!("{PREFIX}{}", pair.key), pair.value);
        }
    }
}

fn insert(map: &mut Map, index: Option<usize>, pair: Pair) {
    let end = map.entries.len();
    map.entries
        .insert(index.unwrap_or(end).min(end), Entry::Pair(pair));
}

/// INI metadata have `\n` for line ends, whatever the format itself would do with them.
fn escaped(scalar: Scalar, format: Format) -> Scalar {
    match (format, scalar.value().as_str()) {
        (Format::Ini, Some(text)) if text.contains('\n') => {
            let text = text.replace('\n', "\\n").into_bytes();
            Scalar::new(Value::String(SecretBytes::new(text)))
        }
        _ => scalar,
    }
}

/// Makes `old` equal to `new` and leaves the parts that are equal already untouched.
fn graft(old: &mut Node, new: Node) {
    match (old, new) {
        (Node::Scalar(old), Node::Scalar(new)) => old.set(new.value().duplicate()),
        (Node::Map(old), Node::Map(new)) => graft_map(old, new),
        (Node::List(old), Node::List(new)) => graft_list(old, new),
        (old, new) => *old = new,
    }
}

fn graft_map(old: &mut Map, mut new: Map) {
    old.entries.retain(|entry| match entry {
        Entry::Comment(_) => true,
        Entry::Pair(pair) => new.pair(&pair.key).is_some(),
    });
    for entry in &mut old.entries {
        if let Entry::Pair(pair) = entry
            && let Some(new) = new.remove(&pair.key)
        {
            graft(&mut pair.value, new.value);
        }
    }
    // What is left is new: each goes before the first key that sorts after it.
    for entry in new.entries {
        let Entry::Pair(added) = entry else { continue };
        let after = |entry: &Entry| matches!(entry, Entry::Pair(pair) if pair.key > added.key);
        let index = old
            .entries
            .iter()
            .position(after)
            .unwrap_or(old.entries.len());
        old.entries.insert(index, Entry::Pair(added));
    }
}

fn graft_list(old: &mut List, new: List) {
    let mut values = new.items.into_iter().filter_map(|item| match item {
        Item::Value(node) => Some(node),
        Item::Comment(_) => None,
    });
    old.items.retain_mut(|item| match item {
        Item::Comment(_) => true,
        Item::Value(node) => match values.next() {
            Some(new) => {
                graft(node, new);
                true
            }
            None => false,
        },
    });
    old.items.extend(values.map(Item::Value));
}
