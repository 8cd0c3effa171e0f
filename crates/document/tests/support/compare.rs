//! Comparing trees in tests.

use nixseal_document::number;
use nixseal_document::tree::{Comment, Entry, Item, Map, Node, Value};

/// A tree as a text that is equal for equal trees; comments only if asked for.
pub(crate) fn shown(branches: &[Map], comments: bool) -> String {
    let mut text = String::new();
    for map in branches {
        show_map(map, comments, &mut text);
        text.push('\n');
    }
    text
}

fn show_map(map: &Map, comments: bool, text: &mut String) {
    text.push('{');
    for entry in &map.entries {
        match entry {
            Entry::Comment(comment) => show_comment(comment, comments, text),
            Entry::Pair(pair) => {
                text.push_str(&format!("{:?}: ", pair.key));
                show(&pair.value, comments, text);
            }
        }
    }
    text.push('}');
}

fn show(node: &Node, comments: bool, text: &mut String) {
    match node {
        Node::Map(map) => show_map(map, comments, text),
        Node::List(list) => {
            text.push('[');
            for item in &list.items {
                match item {
                    Item::Comment(comment) => show_comment(comment, comments, text),
                    Item::Value(node) => show(node, comments, text),
                }
            }
            text.push(']');
        }
        Node::Scalar(scalar) => text.push_str(&match scalar.value() {
            Value::Bool(value) => format!("{value} "),
            // Layout may lose that a whole number was a float: SOPS writes 1.0 as 1.
            Value::Float(value) => format!("{} ", number::plain(*value)),
            Value::Int(value) => format!("{value} "),
            Value::Null => "null ".to_owned(),
            Value::String(bytes) | Value::Bytes(bytes) => {
                format!("\"{}\" ", bytes.expose().escape_ascii())
            }
            Value::Time(time) => format!("{time} "),
        }),
    }
}

fn show_comment(comment: &Comment, comments: bool, text: &mut String) {
    if comments {
        let mark = if comment.inline { "inline" } else { "comment" };
        text.push_str(&format!(
            "{mark} {:?} ",
            String::from_utf8_lossy(comment.text())
        ));
    }
}
