//! Finding, setting and removing the value at a path.
//!
//! Follows `sops set` and `sops unset` where these make sense: maps and lists on the way are made
//! where they are missing, a single value on the way gives way to them, an index at or past the
//! end of a list adds an item. Where `sops` crashes or does nothing (a key into a list, an index
//! into a map) this refuses, so that no map or list is ever lost. Comments in a list are not
//! counted; `sops` counts them.

use super::{Path, Step};
use crate::tree::{Item, List, Map, Node};

/// No file has more levels; more steps than that are refused.
const DEPTH_LIMIT: usize = 200;

/// Why there is nothing at a path, or nothing can be put there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// No step at all.
    #[error("the path is empty: name a key")]
    Empty,
    /// More steps than any file has levels.
    #[error("the path has more than {DEPTH_LIMIT} steps")]
    TooDeep,
    /// A map without that key.
    #[error("{} has no key '{key}'", shown(.at))]
    NoKey {
        /// The map.
        at: Path,
        /// The key.
        key: String,
    },
    /// A list that is shorter.
    #[error("{} has {length} items, so none at [{index}]", shown(.at))]
    NoItem {
        /// The list.
        at: Path,
        /// The position asked for.
        index: usize,
        /// How many values it has.
        length: usize,
    },
    /// A key, where a list is.
    #[error("{} is a list: give a position as [0], not the key '{key}'", shown(.at))]
    KeyInList {
        /// The list.
        at: Path,
        /// The key.
        key: String,
    },
    /// A position, where a map is.
    #[error("{} is a map: give a key, not the position [{index}]", shown(.at))]
    IndexInMap {
        /// The map.
        at: Path,
        /// The position.
        index: usize,
    },
    /// A further step, where a single value is.
    #[error("{} is a single value ({kind}): nothing is below it", shown(.at))]
    BelowValue {
        /// The value.
        at: Path,
        /// Its type.
        kind: &'static str,
        /// The step.
        step: Step,
    },
}

impl Path {
    /// The value at this path.
    pub fn find<'a>(&self, map: &'a Map) -> Option<&'a Node> {
        self.get(map).ok()
    }

    /// The value at this path.
    ///
    /// # Errors
    /// Where the path leaves the tree.
    pub fn get<'a>(&self, map: &'a Map) -> Result<&'a Node, PathFault> {
        let (first, rest) = self.0.split_first().ok_or(PathFault::Empty)?;
        let mut node = in_map(map, first, &[])?;
        for (index, step) in rest.iter().enumerate() {
            node = below(node, step, self.0.get(..=index).unwrap_or_default())?;
        }
        Ok(node)
    }

    /// Takes out the value at this path; comments beside it stay.
    ///
    /// # Errors
    /// Where the path leaves the tree.
    pub fn remove(&self, map: &mut Map) -> Result<Node, PathFault> {
        self.get(map)?;
        let (last, parents) = self.0.split_last().ok_or(PathFault::Empty)?;
        let missing = || PathFault::Empty;
        let mut place = Place::Map(map);
        for step in parents {
            place = place.down(step).ok_or_else(missing)?;
        }
        match (place, last) {
            (Place::Map(map), Step::Key(key)) => map.remove(key).map(|pair| pair.value),
            (Place::List(list), Step::Index(index)) => list.remove(*index),
            _ => None,
        }
        .ok_or_else(missing)
    }

    /// Puts a value at this path; gives whether anything differs now. An equal value stays as it
    /// is, with the comments in it. After an error nothing is changed.
    ///
    /// # Errors
    /// A key into a list, a position into a map, no step, far too many steps.
    pub fn set(&self, map: &mut Map, value: Node) -> Result<bool, PathFault> {
        if self.0.len() > DEPTH_LIMIT {
            return Err(PathFault::TooDeep);
        }
        let (first, rest) = self.0.split_first().ok_or(PathFault::Empty)?;
        match first {
            Step::Key(key) => self.set_in_map(map, key, rest, value),
            Step::Index(index) => Err(PathFault::IndexInMap {
                at: Path::default(),
                index: *index,
            }),
        }
    }

    fn set_in_map(
        &self,
        map: &mut Map,
        key: &str,
        rest: &[Step],
        value: Node,
    ) -> Result<bool, PathFault> {
        match map.get_mut(key) {
            Some(node) => self.set_in_node(node, rest, value),
            None => {
                map.push(key, made(rest, value));
                Ok(true)
            }
        }
    }

    fn set_in_node(&self, node: &mut Node, steps: &[Step], value: Node) -> Result<bool, PathFault> {
        let at = || {
            Path(
                self.0
                    .get(..self.0.len() - steps.len())
                    .unwrap_or_default()
                    .to_vec(),
            )
        };
        match (&mut *node, steps.split_first()) {
            (old, None) => Ok(replace(old, value)),
            (Node::Map(map), Some((Step::Key(key), rest))) => {
                self.set_in_map(map, key, rest, value)
            }
            (Node::List(list), Some((Step::Index(index), rest))) => match list.get_mut(*index) {
                Some(item) => self.set_in_node(item, rest, value),
                None => {
                    list.items.push(Item::Value(made(rest, value)));
                    Ok(true)
                }
            },
            (Node::Map(_), Some((Step::Index(index), _))) => Err(PathFault::IndexInMap {
                at: at(),
                index: *index,
            }),
            (Node::List(_), Some((Step::Key(key), _))) => Err(PathFault::KeyInList {
                at: at(),
                key: key.clone(),
            }),
            (Node::Scalar(_), Some(_)) => {
                *node = made(steps, value);
                Ok(true)
            }
        }
    }
}

/// A map or list on the way down.
enum Place<'a> {
    List(&'a mut List),
    Map(&'a mut Map),
}

impl<'a> Place<'a> {
    fn down(self, step: &Step) -> Option<Self> {
        let node = match (self, step) {
            (Self::Map(map), Step::Key(key)) => map.get_mut(key)?,
            (Self::List(list), Step::Index(index)) => list.get_mut(*index)?,
            _ => return None,
        };
        match node {
            Node::Map(map) => Some(Place::Map(map)),
            Node::List(list) => Some(Place::List(list)),
            Node::Scalar(_) => None,
        }
    }
}

fn in_map<'a>(map: &'a Map, step: &Step, at: &[Step]) -> Result<&'a Node, PathFault> {
    let at = || Path(at.to_vec());
    match step {
        Step::Key(key) => map.get(key).ok_or_else(|| PathFault::NoKey {
            at: at(),
            key: key.clone(),
        }),
        Step::Index(index) => Err(PathFault::IndexInMap {
            at: at(),
            index: *index,
        }),
    }
}

fn below<'a>(node: &'a Node, step: &Step, at: &[Step]) -> Result<&'a Node, PathFault> {
    match (node, step) {
        (Node::Map(map), step) => in_map(map, step, at),
        (Node::List(list), Step::Index(index)) => {
            list.get(*index).ok_or_else(|| PathFault::NoItem {
                at: Path(at.to_vec()),
                index: *index,
                length: list.values().count(),
            })
        }
        (Node::List(_), Step::Key(key)) => Err(PathFault::KeyInList {
            at: Path(at.to_vec()),
            key: key.clone(),
        }),
        (Node::Scalar(scalar), step) => Err(PathFault::BelowValue {
            at: Path(at.to_vec()),
            kind: scalar.value().type_name(),
            step: step.clone(),
        }),
    }
}

fn replace(old: &mut Node, new: Node) -> bool {
    if equal(old, &new) {
        return false;
    }
    match (&mut *old, new) {
        (Node::Scalar(old), Node::Scalar(new)) => old.set(new.value().duplicate()),
        (_, new) => *old = new,
    }
    true
}

/// Same keys in the same order with same values of same types; comments do not count.
fn equal(one: &Node, two: &Node) -> bool {
    match (one, two) {
        (Node::Scalar(one), Node::Scalar(two)) => one.value().same(two.value()),
        (Node::List(one), Node::List(two)) => {
            one.values().count() == two.values().count()
                && one
                    .values()
                    .zip(two.values())
                    .all(|(one, two)| equal(one, two))
        }
        (Node::Map(one), Node::Map(two)) => {
            let pairs = || one.pairs().zip(two.pairs());
            one.pairs().count() == two.pairs().count()
                && pairs().all(|(one, two)| one.key == two.key && equal(&one.value, &two.value))
        }
        _ => false,
    }
}

/// The value under new maps and lists for the steps.
fn made(steps: &[Step], value: Node) -> Node {
    steps.iter().rev().fold(value, |inner, step| match step {
        Step::Index(_) => Node::List(List {
            items: vec![Item::Value(inner)],
            origin: None,
        }),
        Step::Key(key) => {
            let mut map = Map::default();
            map.push(key, inner);
            Node::Map(map)
        }
    })
}

fn shown(at: &Path) -> String {
    if at.0.is_empty() {
        "the top level".to_owned()
    } else {
        format!("'{at}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Value;

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    fn set(map: &mut Map, at: &str, value: &str) -> Result<bool, PathFault> {
        path(at).set(map, Node::text(value))
    }

    fn sample() -> Map {
        let mut map = Map::default();
        set(&mut map, "a.b[0].c", "v").unwrap();
        set(&mut map, "a.b[7]", "w").unwrap();
        map
    }

    #[test]
    fn set_makes_what_is_missing() {
        let mut map = sample();
        assert_eq!(set(&mut map, "a.b[0].c.d[3]", "v"), Ok(true));
        let find = |at: &str| path(at).find(&map).and_then(Node::as_str);
        assert_eq!(find("a.b[1]"), Some("w"));
        assert_eq!(find("a.b[0].c.d[0]"), Some("v"));
        assert_eq!(find("a.b[2]"), None);
    }

    #[test]
    fn set_tells_whether_it_changed_anything() {
        let mut map = sample();
        assert_eq!(set(&mut map, "a.b[1]", "w"), Ok(false));
        assert_eq!(set(&mut map, "a.b[1]", "x"), Ok(true));
        let five = || Node::scalar(Value::Int(5));
        assert_eq!(path("n").set(&mut map, five()), Ok(true));
        assert_eq!(path("n").set(&mut map, five()), Ok(false));
        assert_eq!(
            path("n").set(&mut map, Node::scalar(Value::Float(5.0))),
            Ok(true)
        );
        let mut same = Map::default();
        same.push("c", Node::text("v"));
        assert_eq!(path("a.b[0]").set(&mut map, Node::Map(same)), Ok(false));
        assert_eq!(
            path("a.b[0]").set(&mut map, Node::Map(Map::default())),
            Ok(true)
        );
    }

    #[test]
    fn maps_and_lists_are_not_lost_to_a_wrong_step() {
        let mut map = sample();
        let (at, key) = (path("a.b"), "x".to_owned());
        assert_eq!(
            set(&mut map, "a.b.x", "v"),
            Err(PathFault::KeyInList { at, key })
        );
        let (at, index) = (path("a"), 0);
        assert_eq!(
            set(&mut map, "a[0]", "v"),
            Err(PathFault::IndexInMap { at, index })
        );
        let none = Path(Vec::new());
        assert_eq!(none.set(&mut map, Node::text("v")), Err(PathFault::Empty));
        let deep = Path(vec![Step::Key("k".to_owned()); DEPTH_LIMIT + 1]);
        assert_eq!(deep.set(&mut map, Node::text("v")), Err(PathFault::TooDeep));
        assert_eq!(
            path("a.b[0].c").find(&map).and_then(Node::as_str),
            Some("v")
        );
    }

    #[test]
    fn faults_name_the_place() {
        let mut map = sample();
        for (at, message) in [
            ("z", "the top level has no key 'z'"),
            ("a.z.y", "'a' has no key 'z'"),
            ("a.b[2]", "'a.b' has 2 items, so none at [2]"),
            (
                "a.b[0].c.d",
                "'a.b[0].c' is a single value (string): nothing is below it",
            ),
            (
                "a.b.c",
                "'a.b' is a list: give a position as [0], not the key 'c'",
            ),
            (
                "[0]",
                "the top level is a map: give a key, not the position [0]",
            ),
        ] {
            assert_eq!(path(at).get(&map).unwrap_err().to_string(), message);
            assert_eq!(path(at).remove(&mut map).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn remove_takes_out_keys_and_items() {
        let mut map = sample();
        assert!(path("a.b[0].c").remove(&mut map).is_ok());
        assert!(path("a.b[0]").remove(&mut map).is_ok());
        assert_eq!(path("a.b[0]").find(&map).and_then(Node::as_str), Some("w"));
        assert!(path("a").remove(&mut map).is_ok());
        assert!(map.entries.is_empty());
    }
}
