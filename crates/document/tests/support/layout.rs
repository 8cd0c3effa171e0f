//! What a text is besides its values.

use nixseal_document::Format;
use nixseal_document::tree::{Entry, Item, Map, Node, Scalar};

/// A text without the values in it; of blocks, the comment behind their header stays.
pub(crate) fn without_values(format: Format, branches: &mut [Map], text: &str) -> String {
    let mut spans = Vec::new();
    for branch in branches {
        each_scalar(branch, &mut |scalar| {
            spans.extend(scalar.origin.map(|origin| origin.span))
        });
    }
    spans.sort();
    let mut rest = String::new();
    let mut at = 0;
    for span in spans {
        let value = &text[span.start..span.end];
        rest.push_str(&text[at..span.start]);
        at = span.end;
        if format != Format::Yaml {
            continue;
        }
        // Of a block, what stands behind its header and below its text is no value.
        let header = value.lines().next().unwrap_or("");
        if header.starts_with(['|', '>']) || header.contains(" |") || header.contains(" >") {
            rest.push_str(header.find(" #").map_or("", |index| &header[index..]));
        }
        rest.push_str(&value[value.trim_end().len()..]);
    }
    rest + &text[at..]
}

/// Calls `change` for every scalar.
pub(crate) fn each_scalar(map: &mut Map, change: &mut dyn FnMut(&mut Scalar)) {
    for entry in &mut map.entries {
        if let Entry::Pair(pair) = entry {
            each_in_node(&mut pair.value, change);
        }
    }
}

fn each_in_node(node: &mut Node, change: &mut dyn FnMut(&mut Scalar)) {
    match node {
        Node::Map(map) => each_scalar(map, change),
        Node::List(list) => {
            for item in &mut list.items {
                if let Item::Value(node) = item {
                    each_in_node(node, change);
                }
            }
        }
        Node::Scalar(scalar) => change(scalar),
    }
}
