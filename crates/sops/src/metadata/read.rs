//! From the tree to [`Metadata`].
//!
//! Like `sops`: field names in any case, texts for numbers and the other way round, one entry
//! where a list is expected, nothing where something may be empty.

use std::collections::BTreeMap;

use nixseal_document::number;
use nixseal_document::tree::{Entry, Map, Node, Pair, Value};

use super::{KeyGroup, KeyId, KeyKind, Metadata, MetadataError, Moment, WrappedKey};
use crate::selector::{Selector, SelectorKind};

/// Reads a `sops` block. `binary`: no selector means everything, not the default suffix.
pub(super) fn read(block: Map, binary: bool) -> Result<Metadata, MetadataError> {
    let fields = Fields {
        map: &block,
        path: String::new(),
    };
    let mut groups = vec![fields.group()?];
    if groups.iter().all(Vec::is_empty) {
        let read = |group: &Fields<'_>| group.group();
        groups = fields
            .list("key_groups")?
            .iter()
            .map(read)
            .collect::<Result<_, _>>()?;
    }
    if groups.iter().all(Vec::is_empty) {
        return Err(MetadataError::NoKeys);
    }
    let metadata = Metadata {
        groups,
        shamir_threshold: fields.number("shamir_threshold")?,
        last_modified: fields.moment("lastmodified")?,
        mac: fields.text("mac")?,
        selector: selector(&fields, binary)?,
        mac_only_encrypted: fields.flag("mac_only_encrypted")?,
        version: fields.text("version")?,
        unknown: Vec::new(),
    };
    Ok(Metadata {
        unknown: unknown(block),
        ..metadata
    })
}

fn selector(fields: &Fields<'_>, binary: bool) -> Result<Selector, MetadataError> {
    let mut found = None;
    for kind in SelectorKind::ALL {
        let text = fields.text(kind.field())?;
        if text.is_empty() {
            continue;
        }
        if let Some((other, _)) = found.replace((kind, text)) {
            let reason = format!(
                "only one selector is allowed, but there is '{}' too",
                other.field()
            );
            return Err(MetadataError::new(kind.field(), reason));
        }
    }
    match found {
        Some((kind, text)) => Selector::new(kind, &text)
            .map_err(|error| MetadataError::new(kind.field(), error.to_string())),
        None if binary => Ok(Selector::Everything),
        None => Ok(Selector::default_suffix()),
    }
}

/// Fields of a newer version, to be written back as they are.
fn unknown(block: Map) -> Vec<(String, Node)> {
    let known = |key: &str| {
        let others = [
            "key_groups",
            "lastmodified",
            "mac",
            "mac_only_encrypted",
            "shamir_threshold",
            "version",
        ];
        let kinds = KeyKind::ALL.iter().map(|kind| kind.name());
        let selectors = SelectorKind::ALL.iter().map(|kind| kind.field());
        others
            .into_iter()
            .chain(kinds)
            .chain(selectors)
            .any(|name| name.eq_ignore_ascii_case(key))
    };
    let pairs = block.entries.into_iter().filter_map(|entry| match entry {
        Entry::Pair(Pair { key, value, .. }) if !known(&key) => Some((key, value)),
        _ => None,
    });
    pairs.collect()
}

/// A map of the block and the path to it, for messages.
struct Fields<'a> {
    map: &'a Map,
    path: String,
}

impl<'a> Fields<'a> {
    fn error(&self, name: &str, reason: impl Into<String>) -> MetadataError {
        MetadataError::new(&self.path_of(name), reason)
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The field of that name, else one that differs in case only.
    fn get(&self, name: &str) -> Option<&'a Node> {
        let other_case = || {
            self.map
                .pairs()
                .find(|pair| pair.key.eq_ignore_ascii_case(name))
        };
        let pair = self.map.pair(name).or_else(other_case)?;
        let null = pair
            .value
            .as_scalar()
            .is_some_and(|one| matches!(one.value(), Value::Null));
        (!null).then_some(&pair.value)
    }

    /// The text of a field, empty where it is missing.
    fn text(&self, name: &str) -> Result<String, MetadataError> {
        let Some(node) = self.get(name) else {
            return Ok(String::new());
        };
        text_of(node).ok_or_else(|| self.error(name, "it has to be a text"))
    }

    fn number(&self, name: &str) -> Result<u32, MetadataError> {
        let text = self.text(name)?;
        let number = if text.is_empty() {
            Ok(0)
        } else {
            text.trim().parse()
        };
        number.map_err(|_| self.error(name, "it has to be a whole number from 0 on"))
    }

    fn flag(&self, name: &str) -> Result<bool, MetadataError> {
        match self.text(name)?.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
            "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
            _ => Err(self.error(name, "it has to be true or false")),
        }
    }

    fn moment(&self, name: &str) -> Result<Moment, MetadataError> {
        let wrong = || self.error(name, "it has to be a time like 2026-11-23T06:46:17Z");
        Moment::parse(&self.text(name)?).ok_or_else(wrong)
    }

    /// The maps of a list, which may also be missing, empty in any way, or a single map.
    fn list(&self, name: &str) -> Result<Vec<Fields<'a>>, MetadataError> {
        let Some(node) = self.get(name) else {
            return Ok(Vec::new());
        };
        let path = self.path_of(name);
        let field = |(index, node): (usize, &'a Node)| {
            let path = format!("{path}[{index}]");
            let map = node
                .as_map()
                .ok_or_else(|| MetadataError::new(&path, "it has to be a map"));
            map.map(|map| Fields {
                map,
                path: path.clone(),
            })
        };
        match node {
            Node::List(list) => list.values().enumerate().map(field).collect(),
            Node::Map(map) if map.pairs().next().is_none() => Ok(Vec::new()),
            Node::Map(_) => Ok(vec![field((0, node))?]),
            Node::Scalar(_) => Err(MetadataError::new(&path, "it has to be a list")),
        }
    }

    /// The keys of all lists that this map has.
    fn group(&self) -> Result<KeyGroup, MetadataError> {
        let mut group = KeyGroup::new();
        for kind in KeyKind::ALL {
            for entry in self.list(kind.name())? {
                group.push(entry.key(kind)?);
            }
        }
        Ok(group)
    }

    fn key(&self, kind: KeyKind) -> Result<WrappedKey, MetadataError> {
        let mut fields = Vec::new();
        for (name, _) in kind.fields() {
            fields.push((*name, self.text(name)?));
        }
        let borrowed: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut id = KeyId::new(kind, &borrowed);
        if kind == KeyKind::Kms {
            id = id.with_context(self.context()?);
        }
        let created_at = kind
            .is_dated()
            .then(|| self.moment("created_at"))
            .transpose()?;
        Ok(WrappedKey {
            id,
            created_at,
            enc: self.text("enc")?,
        })
    }

    fn context(&self) -> Result<BTreeMap<String, Option<String>>, MetadataError> {
        let map = match self.get("context") {
            None => return Ok(BTreeMap::new()),
            Some(Node::Map(map)) => map,
            // Flat formats show an empty map as an empty text.
            Some(node) if text_of(node).is_some_and(|text| text.is_empty()) => {
                return Ok(BTreeMap::new());
            }
            Some(_) => return Err(self.error("context", "it has to be a map")),
        };
        let fields = Fields {
            map,
            path: self.path_of("context"),
        };
        let value = |pair: &Pair| {
            let value = fields
                .get(&pair.key)
                .map(|_| fields.text(&pair.key))
                .transpose()?;
            Ok((pair.key.clone(), value))
        };
        map.pairs().map(value).collect()
    }
}

/// The text of a scalar of any type.
fn text_of(node: &Node) -> Option<String> {
    Some(match node.as_scalar()?.value() {
        Value::Bool(value) => u8::from(*value).to_string(),
        Value::Float(number) => number::plain(*number),
        Value::Int(number) => number.to_string(),
        Value::Null => String::new(),
        Value::Time(time) => time.to_string(),
        value @ (Value::Bytes(_) | Value::String(_)) => value.as_str()?.to_owned(),
    })
}
