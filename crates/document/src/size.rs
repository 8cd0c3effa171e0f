//! About how long the text of a tree will be, so that it is laid out in one piece of memory.

use crate::tree::{Entry, Item, List, Map, Node, Value};

/// Length of keys, values and comments, and of `around` for each of them at its depth. Where
/// something has to be escaped the text becomes longer: it grows then.
pub(crate) fn of_map(map: &Map, around: &impl Fn(usize) -> usize) -> usize {
    in_map(map, 1, around)
}

fn in_map(map: &Map, depth: usize, around: &impl Fn(usize) -> usize) -> usize {
    let entries = map.entries.iter().map(|entry| match entry {
        Entry::Comment(comment) => comment.text().len(),
        Entry::Pair(pair) => pair.key.len() + of_node(&pair.value, depth, around),
    });
    entries.map(|length| length + around(depth)).sum::<usize>() + around(depth)
}

fn in_list(list: &List, depth: usize, around: &impl Fn(usize) -> usize) -> usize {
    let items = list.items.iter().map(|item| match item {
        Item::Comment(comment) => comment.text().len(),
        Item::Value(node) => of_node(node, depth, around),
    });
    items.map(|length| length + around(depth)).sum::<usize>() + around(depth)
}

fn of_node(node: &Node, depth: usize, around: &impl Fn(usize) -> usize) -> usize {
    /// Of a number, a time and so on.
    const SHORT: usize = 20;
    match node {
        Node::List(list) => in_list(list, depth + 1, around),
        Node::Map(map) => in_map(map, depth + 1, around),
        Node::Scalar(scalar) => match scalar.value() {
            Value::String(bytes) => bytes.len(),
            Value::Bytes(bytes) => bytes.len().div_ceil(3) * 4,
            _ => SHORT,
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::{EmitOptions, Format, emit, parse};

    #[test]
    fn plain_files_fit_and_little_is_left() {
        for (format, text) in [
            (
                Format::Yaml,
                "a:\n    b: some text\n    c:\n        - one\n        - two\n",
            ),
            (
                Format::Json,
                "{\n\t\"a\": {\n\t\t\"b\": \"some text\"\n\t}\n}\n",
            ),
        ] {
            let document = parse(format, text.as_bytes()).unwrap();
            let out = emit(format, &document.branches, &EmitOptions::default()).unwrap();
            assert_eq!(out.expose(), text.as_bytes());
            let map = document.branches.first().unwrap();
            let room = super::of_map(map, &|depth| depth * 4 + 8);
            assert!((text.len()..4 * text.len()).contains(&room), "{room}");
        }
    }
}
