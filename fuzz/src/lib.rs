//! What several targets share: the invariants of documents, and one fixed data key.

use nixseal_document::tree::{Item, Map, Node, Scalar, Value};
use nixseal_document::{EmitOptions, Format, flat, number, parse};
use nixseal_sops::DataKey;

/// Reads a document; what is read is spliced and written, and has to mean the same afterwards.
pub fn document(format: Format, bytes: &[u8]) {
    let Ok(mut document) = parse(format, bytes) else {
        return;
    };
    // Without a change every byte stays, or the splice is refused.
    if let Ok(same) = document.splice() {
        assert!(same.expose() == bytes, "the splice changed something");
    }
    if let Ok(written) = document.emit_canonical(&EmitOptions::default()) {
        match parse(format, written.expose()) {
            Ok(read) => assert!(
                same_values(format, &document.branches, &read.branches),
                "it reads back otherwise:\n{}",
                String::from_utf8_lossy(written.expose())
            ),
            Err(error) => panic!(
                "it does not read back: {error}:\n{}",
                String::from_utf8_lossy(written.expose())
            ),
        }
    }
    change_all(&mut document.branches);
    // The splice compares its result with the tree by itself.
    if let Ok(changed) = document.splice() {
        let read = parse(format, changed.expose()).expect("what was spliced is read");
        assert!(same_values(format, &document.branches, &read.branches));
    }
}

/// Every scalar becomes what an encrypted one looks like, as encryption does it.
fn change_all(branches: &mut [Map]) {
    fn of(node: &mut Node) {
        match node {
            Node::Map(map) => map.entries.iter_mut().for_each(|entry| {
                if let nixseal_document::tree::Entry::Pair(pair) = entry {
                    of(&mut pair.value);
                }
            }),
            Node::List(list) => list.items.iter_mut().for_each(|item| {
                if let Item::Value(node) = item {
                    of(node);
                }
            }),
            Node::Scalar(scalar) => {
                scalar.set(Value::text("ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]"))
            }
        }
    }
    for map in branches {
        map.entries.iter_mut().for_each(|entry| {
            if let nixseal_document::tree::Entry::Pair(pair) = entry {
                of(&mut pair.value);
            }
        });
    }
}

/// Whether two trees have the same keys and values; comments are not looked at.
pub fn same_values(format: Format, one: &[Map], two: &[Map]) -> bool {
    // Of several documents some formats hold the first only.
    let one = if format == Format::Yaml {
        one
    } else {
        one.get(..1).unwrap_or(one)
    };
    // No document is written as one without keys.
    let filled = |maps: &[Map]| maps.iter().any(|map| map.pairs().next().is_some());
    (!filled(one) && !filled(two))
        || one.len() == two.len()
            && one
                .iter()
                .zip(two)
                .all(|(one, two)| same_map(format, one, two))
}

fn same_map(format: Format, one: &Map, two: &Map) -> bool {
    one.pairs().count() == two.pairs().count()
        && one
            .pairs()
            .zip(two.pairs())
            .all(|(one, two)| one.key == two.key && same_node(format, &one.value, &two.value))
}

fn same_node(format: Format, one: &Node, two: &Node) -> bool {
    match (one, two) {
        (Node::Map(one), Node::Map(two)) => same_map(format, one, two),
        (Node::List(one), Node::List(two)) => {
            one.values().count() == two.values().count()
                && one
                    .values()
                    .zip(two.values())
                    .all(|(one, two)| same_node(format, one, two))
        }
        (Node::Scalar(one), Node::Scalar(two)) => same_scalar(format, one, two),
        _ => false,
    }
}

fn same_scalar(format: Format, one: &Scalar, two: &Scalar) -> bool {
    let (one, two) = (one.value(), two.value());
    match (format, one, two) {
        (Format::Dotenv | Format::Ini, ..) => flat::text(one) == flat::text(two),
        // As `sops` writes them, whole floats come back as integers, -0 as 0.
        (_, Value::Float(float), Value::Int(int)) => *float == *int as f64,
        (_, Value::Float(one), Value::Float(two)) => number::plain(*one) == number::plain(*two),
        (_, Value::Bytes(one), Value::String(two)) => one == two,
        _ => one.same(two),
    }
}

/// A data key that encrypts nothing of worth.
pub fn data_key() -> DataKey {
    DataKey::from_bytes(&[7; 32]).expect("it has the right length")
}
