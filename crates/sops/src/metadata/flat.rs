//! Metadata in formats without maps and lists: dotenv and INI. A path becomes one key, with
//! `__map_` before a key of a map and `__list_` before the position in a list.

use std::collections::BTreeMap;

use nixseal_document::tree::{Entry, Item, List, Map, Node, Pair, Scalar, Value};

use super::MetadataError;

const MAP: &str = "__map_";
const LIST: &str = "__list_";

/// Metadata has six levels.
const DEPTH_LIMIT: usize = 32;

/// Texts by their joined paths, in the order of the tree. Empty maps and lists vanish.
pub(super) fn flatten(map: Map) -> Vec<(String, Scalar)> {
    let mut output = Vec::new();
    flatten_map(map, "", &mut output);
    output
}

fn flatten_map(map: Map, prefix: &str, output: &mut Vec<(String, Scalar)>) {
    for entry in map.entries {
        if let Entry::Pair(pair) = entry {
            flatten_node(pair.value, format!("{prefix}{}", pair.key), output);
        }
    }
}

fn flatten_node(node: Node, key: String, output: &mut Vec<(String, Scalar)>) {
    match node {
        Node::Map(map) => flatten_map(map, &format!("{key}{MAP}"), output),
        Node::List(list) => {
            let values = list.items.into_iter().filter_map(|item| match item {
                Item::Value(node) => Some(node),
                Item::Comment(_) => None,
            });
            for (index, value) in values.enumerate() {
                flatten_node(value, format!("{key}{LIST}{index}"), output);
            }
        }
        Node::Scalar(scalar) => output.push((key, scalar)),
    }
}

/// What stands at a path while the tree is put together.
#[derive(Default)]
struct Place {
    value: Option<Value>,
    keys: BTreeMap<String, Place>,
    positions: BTreeMap<usize, Place>,
}

/// The tree behind joined paths, keys sorted.
///
/// # Errors
/// Doubled keys, keys that are both a value and a map or list, and lists with gaps.
pub(super) fn unflatten(pairs: Vec<(String, Value)>) -> Result<Map, MetadataError> {
    let mut root = Place::default();
    for (key, value) in pairs {
        let mut place = &mut root;
        let steps = steps(&key);
        if steps.len() > DEPTH_LIMIT {
            return Err(MetadataError::new(&key, "it is nested too deeply"));
        }
        for step in steps {
            place = match step {
                Step::Key(name) => place.keys.entry(name.to_owned()).or_default(),
                Step::Position(text) => {
                    let position = text.parse().map_err(|_| {
                        let reason = format!("'{text}' is not a position in a list");
                        MetadataError::new(&key, reason)
                    })?;
                    place.positions.entry(position).or_default()
                }
            };
        }
        if place.value.replace(value).is_some() {
            return Err(MetadataError::new(&key, "it is there twice"));
        }
    }
    map_of(root.keys, "")
}

enum Step<'a> {
    Key(&'a str),
    Position(&'a str),
}

fn steps(key: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let (mut rest, mut in_list) = (key, false);
    loop {
        let next = [(rest.find(MAP), MAP), (rest.find(LIST), LIST)];
        let next = next
            .into_iter()
            .filter_map(|(at, mark)| Some((at?, mark)))
            .min();
        let (name, after) = match next {
            None => (rest, None),
            Some((at, mark)) => {
                let (name, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
                (
                    name,
                    Some((after.get(mark.len()..).unwrap_or_default(), mark == LIST)),
                )
            }
        };
        steps.push(if in_list {
            Step::Position(name)
        } else {
            Step::Key(name)
        });
        match after {
            None => return steps,
            Some((after, list)) => (rest, in_list) = (after, list),
        }
    }
}

fn map_of(keys: BTreeMap<String, Place>, path: &str) -> Result<Map, MetadataError> {
    let mut map = Map::default();
    for (key, place) in keys {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let value = node_of(place, &path)?;
        map.entries.push(Entry::Pair(Pair {
            key,
            value,
            origin: None,
        }));
    }
    Ok(map)
}

fn node_of(place: Place, path: &str) -> Result<Node, MetadataError> {
    let Place {
        value,
        keys,
        positions,
    } = place;
    match (value, keys.is_empty(), positions.is_empty()) {
        (Some(value), true, true) => Ok(Node::scalar(value)),
        (None, _, true) => map_of(keys, path).map(Node::Map),
        (None, true, false) => {
            if positions.keys().next_back() != Some(&(positions.len() - 1)) {
                return Err(MetadataError::new(
                    path,
                    "positions of the list are missing",
                ));
            }
            let mut list = List::default();
            for (index, place) in positions {
                list.items
                    .push(Item::Value(node_of(place, &format!("{path}[{index}]"))?));
            }
            Ok(Node::List(list))
        }
        _ => Err(MetadataError::new(
            path,
            "it is both a value and a map or list",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, MetadataError> {
        let pairs = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Value::text(value)));
        let flattened = flatten(unflatten(pairs.collect())?).into_iter();
        let text = |scalar: &Scalar| scalar.value().as_str().unwrap_or_default().to_owned();
        Ok(flattened
            .map(|(key, scalar)| (key, text(&scalar)))
            .collect())
    }

    #[test]
    fn trees_come_back() {
        let pairs = [
            ("age__list_0__map_enc", "a"),
            ("age__list_0__map_recipient", "b"),
            ("age__list_1__map_enc", "c"),
            ("key_groups__list_0__map_pgp__list_0__map_fp", "d"),
            ("mac", "e"),
        ];
        let owned = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(flat(&pairs).as_deref(), Ok(owned.as_slice()));
        let mut shuffled = pairs;
        shuffled.reverse();
        assert_eq!(flat(&shuffled).as_deref(), Ok(owned.as_slice()));
    }

    #[test]
    fn long_lists_keep_their_order() {
        let pairs: Vec<_> = (0..12)
            .map(|at| (format!("l__list_{at}"), at.to_string()))
            .collect();
        let borrowed: Vec<_> = pairs
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        assert_eq!(flat(&borrowed), Ok(pairs));
    }

    #[test]
    fn contradictions_are_refused() {
        for pairs in [
            &[("a", "1"), ("a", "2")][..],
            &[("a", "1"), ("a__map_b", "2")],
            &[("a__list_0", "1"), ("a__map_b", "2")],
            &[("a__list_1", "1")],
            &[("a__list_x", "1")],
            &[("a__list_18446744073709551615", "1")],
            &[("a__list_99999999999999999999", "1")],
        ] {
            assert!(flat(pairs).is_err(), "{pairs:?}");
        }
    }
}
