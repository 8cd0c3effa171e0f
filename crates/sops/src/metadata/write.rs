//! From [`Metadata`] to the tree: keys sorted at every level, what is empty left out.

use std::collections::BTreeMap;

use nixseal_document::tree::{Item, List, Map, Node, Value};

use super::{KeyGroup, KeyKind, Metadata, WrappedKey};

/// The `sops` block as a tree. Numbers and flags are texts where `flat`.
pub(super) fn write(metadata: &Metadata, flat: bool) -> Map {
    let mut fields: BTreeMap<&str, Node> = BTreeMap::new();
    let scalar = |value: Value, text: String| {
        if flat {
            Node::text(&text)
        } else {
            Node::scalar(value)
        }
    };
    match metadata.groups.as_slice() {
        [group] => fields.extend(lists(group, false)),
        groups if !groups.is_empty() => {
            let group = |group: &KeyGroup| Node::Map(sorted(lists(group, true)));
            fields.insert("key_groups", list(groups.iter().map(group)));
        }
        _ => {}
    }
    fields.insert("lastmodified", Node::text(metadata.last_modified.as_str()));
    fields.insert("mac", Node::text(&metadata.mac));
    fields.insert("version", Node::text(&metadata.version));
    if metadata.mac_only_encrypted {
        fields.insert(
            "mac_only_encrypted",
            scalar(Value::Bool(true), "true".to_owned()),
        );
    }
    if metadata.shamir_threshold > 0 {
        let threshold = metadata.shamir_threshold;
        let value = Value::Int(i64::from(threshold));
        fields.insert("shamir_threshold", scalar(value, threshold.to_string()));
    }
    if let Some((kind, text)) = metadata.selector.field() {
        fields.insert(kind.field(), Node::text(text));
    }
    for (name, node) in &metadata.unknown {
        fields.insert(name, node.copy());
    }
    sorted(fields)
}

/// The lists of a group by kind. In a list of groups `sops` writes two of them even if empty.
fn lists(group: &KeyGroup, nested: bool) -> BTreeMap<&'static str, Node> {
    let mut lists = BTreeMap::new();
    for kind in KeyKind::ALL {
        let entries: Vec<Node> = group
            .iter()
            .filter(|key| key.id.kind() == kind)
            .map(|key| Node::Map(entry(key)))
            .collect();
        let always = nested && matches!(kind, KeyKind::Age | KeyKind::HcVault);
        if always || !entries.is_empty() {
            lists.insert(kind.name(), list(entries.into_iter()));
        }
    }
    lists
}

fn entry(key: &WrappedKey) -> Map {
    let mut fields = BTreeMap::from([("enc", Node::text(&key.enc))]);
    for (name, always) in key.id.kind().fields() {
        let text = key.id.field(name);
        if *always || !text.is_empty() {
            fields.insert(name, Node::text(text));
        }
    }
    if let Some(created_at) = &key.created_at {
        fields.insert("created_at", Node::text(created_at.as_str()));
    }
    if !key.id.context().is_empty() {
        let pairs = key.id.context().iter().map(|(name, value)| {
            let null = || Node::scalar(Value::Null);
            (
                name.as_str(),
                value.as_deref().map_or_else(null, Node::text),
            )
        });
        fields.insert("context", Node::Map(sorted(pairs.collect())));
    }
    sorted(fields)
}

fn sorted(fields: BTreeMap<&str, Node>) -> Map {
    let mut map = Map::default();
    for (name, node) in fields {
        map.push(name, node);
    }
    map
}

fn list(nodes: impl Iterator<Item = Node>) -> Node {
    Node::List(List {
        items: nodes.map(Item::Value).collect(),
        origin: None,
    })
}
