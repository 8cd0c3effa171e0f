//! Our trees as the oracle of `sops` shows its own.

use std::fmt::Write as _;

use nixseal_document::number;
use nixseal_document::tree::{Comment, Entry, Item, Map, Node, Value};

/// Our tree as the oracle shows one.
pub(crate) fn dump(branches: &[Map]) -> String {
    let mut text = String::new();
    for map in branches {
        dump_map(map, &mut text);
        text.push('\n');
    }
    text
}

fn dump_map(map: &Map, text: &mut String) {
    text.push('{');
    for entry in &map.entries {
        match entry {
            Entry::Comment(comment) => dump_comment(comment, text),
            Entry::Pair(pair) => {
                let _ = write!(text, "k{}:", hex(pair.key.as_bytes()));
                dump_node(&pair.value, text);
            }
        }
    }
    text.push('}');
}

fn dump_node(node: &Node, text: &mut String) {
    let scalar = match node {
        Node::Map(map) => return dump_map(map, text),
        Node::List(list) => {
            text.push('[');
            for item in &list.items {
                match item {
                    Item::Comment(comment) => dump_comment(comment, text),
                    Item::Value(node) => dump_node(node, text),
                }
            }
            return text.push(']');
        }
        Node::Scalar(scalar) => scalar.value(),
    };
    let _ = match scalar {
        Value::Bool(value) => write!(text, "b{value} "),
        Value::Float(value) if value.is_nan() => write!(text, "fnan "),
        Value::Float(value) => write!(text, "f{:016x} ", value.to_bits()),
        Value::Int(value) => write!(text, "i{value} "),
        Value::Null => write!(text, "n "),
        Value::String(bytes) | Value::Bytes(bytes) => write!(text, "s{} ", hex(bytes.expose())),
        Value::Time(time) => write!(text, "t{time} "),
    };
}

fn dump_comment(comment: &Comment, text: &mut String) {
    let mark = if comment.inline { 'I' } else { 'C' };
    let _ = write!(text, "{mark}{} ", hex(comment.text()));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A tree without its comments, whole floats as the integers as which `sops` writes them.
pub(crate) fn values(tree: &str) -> String {
    tokens(tree)
        .filter(|token| !token.starts_with(['C', 'I']))
        .map(without_type)
        .collect()
}

/// A token, floats as the integers as which `sops` writes whole ones.
pub(crate) fn without_type(token: &str) -> String {
    let bits = token
        .strip_prefix('f')
        .and_then(|bits| u64::from_str_radix(bits.trim_end(), 16).ok());
    bits.map_or_else(
        || token.to_owned(),
        |bits| format!("i{} ", number::plain(f64::from_bits(bits))),
    )
}

/// The parts of a tree that the oracle shows.
pub(crate) fn tokens(tree: &str) -> impl Iterator<Item = &str> {
    let mut rest = tree;
    std::iter::from_fn(move || {
        let length = match rest.chars().next()? {
            '{' | '}' | '[' | ']' | '\n' => 1,
            'k' => rest.find(':').map_or(rest.len(), |end| end + 1),
            _ => rest.find(' ').map_or(rest.len(), |end| end + 1),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}
