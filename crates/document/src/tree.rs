//! The ordered tree that every format is read into: what SOPS calls a tree branch.
//!
//! Comments are members of maps and lists beside the values they stand near, because SOPS
//! encrypts a comment under the path of the map or list that holds it. Text, numbers and comments
//! may be secrets: they are wiped when dropped and never printed.

use std::fmt;

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;
use zeroize::Zeroize;

use crate::timestamp::Timestamp;

/// Where a part of the tree stands in the text it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Index into the layout that the reader keeps for the splice writer.
    pub(crate) id: u32,
    /// Layout index of the outermost alias through which this part was reached, if any.
    pub(crate) alias: Option<u32>,
    /// Its text.
    pub span: Span,
}

/// An ordered map with comments between its pairs; keys may repeat where SOPS allows it.
#[derive(Debug, Default)]
pub struct Map {
    /// Pairs and comments in document order.
    pub entries: Vec<Entry>,
    /// Where it was read, none for a new one.
    pub origin: Option<Origin>,
}

/// A member of a map.
#[derive(Debug)]
pub enum Entry {
    /// A comment that belongs to the map.
    Comment(Comment),
    /// A key with its value.
    Pair(Pair),
}

/// A key and its value.
#[derive(Debug)]
pub struct Pair {
    /// The key; SOPS leaves keys in clear.
    pub key: String,
    /// What stands under it.
    pub value: Node,
    /// Where the key was read, none for a new pair.
    pub origin: Option<Origin>,
}

/// An ordered list with comments between its values.
#[derive(Debug, Default)]
pub struct List {
    /// Values and comments in document order.
    pub items: Vec<Item>,
    /// Where it was read, none for a new one.
    pub origin: Option<Origin>,
}

/// A member of a list.
#[derive(Debug)]
pub enum Item {
    /// A comment that belongs to the list.
    Comment(Comment),
    /// A value.
    Value(Node),
}

/// One line of comment, without its mark.
#[derive(Debug)]
pub struct Comment {
    text: SecretBytes,
    /// Whether it stands on the line of the value that follows it in the tree.
    pub inline: bool,
    /// Where it was read (from its mark to the end of the line), none for a new one.
    pub origin: Option<Origin>,
    changed: bool,
}

/// A value of any shape.
#[derive(Debug)]
pub enum Node {
    /// An ordered list.
    List(List),
    /// An ordered map.
    Map(Map),
    /// A single value.
    Scalar(Scalar),
}

/// A single value and its place.
#[derive(Debug)]
pub struct Scalar {
    value: Value,
    /// Where it was read, none for a new one.
    pub origin: Option<Origin>,
    changed: bool,
}

/// A single value with the exact type that SOPS gives it.
pub enum Value {
    /// True or false.
    Bool(bool),
    /// Raw bytes: only the SOPS type `bytes` of old files.
    Bytes(SecretBytes),
    /// A binary floating point number.
    Float(f64),
    /// A whole number.
    Int(i64),
    /// Nothing.
    Null,
    /// Text; not necessarily UTF-8 (binary files, `!!binary`).
    String(SecretBytes),
    /// A point in time.
    Time(Timestamp),
}

impl Map {
    /// The first pair of that name.
    pub fn pair(&self, key: &str) -> Option<&Pair> {
        self.pairs().find(|pair| pair.key == key)
    }

    /// The first pair of that name, to change it.
    pub fn pair_mut(&mut self, key: &str) -> Option<&mut Pair> {
        self.entries.iter_mut().find_map(|entry| match entry {
            Entry::Pair(pair) if pair.key == key => Some(pair),
            _ => None,
        })
    }

    /// The value of the first pair of that name.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.pair(key).map(|pair| &pair.value)
    }

    /// The value of the first pair of that name, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.pair_mut(key).map(|pair| &mut pair.value)
    }

    /// Pairs without the comments.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Pair(pair) => Some(pair),
            Entry::Comment(_) => None,
        })
    }

    /// Replaces the value of the first pair of that name, or adds a pair at the end.
    pub fn set(&mut self, key: &str, value: Node) {
        match self.get_mut(key) {
            Some(old) => *old = value,
            None => self.push(key, value),
        }
    }

    /// Adds a pair at the end.
    pub fn push(&mut self, key: &str, value: Node) {
        self.entries.push(Entry::Pair(Pair {
            key: key.to_owned(),
            value,
            origin: None,
        }));
    }

    /// A second tree without comments and places.
    #[must_use]
    pub fn copy(&self) -> Self {
        let mut copy = Self::default();
        for pair in self.pairs() {
            copy.push(&pair.key, pair.value.copy());
        }
        copy
    }

    /// Takes out the first pair of that name; comments stay.
    pub fn remove(&mut self, key: &str) -> Option<Pair> {
        let found = |entry: &Entry| matches!(entry, Entry::Pair(pair) if pair.key == key);
        let index = self.entries.iter().position(found)?;
        match self.entries.remove(index) {
            Entry::Pair(pair) => Some(pair),
            Entry::Comment(_) => None,
        }
    }
}

impl List {
    /// Values without the comments.
    pub fn values(&self) -> impl Iterator<Item = &Node> {
        self.items.iter().filter_map(|item| match item {
            Item::Value(node) => Some(node),
            Item::Comment(_) => None,
        })
    }

    /// The value at `index`, comments not counted.
    pub fn get(&self, index: usize) -> Option<&Node> {
        self.values().nth(index)
    }

    /// The value at `index`, comments not counted, to change it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut Node> {
        let mut values = self.items.iter_mut().filter_map(|item| match item {
            Item::Value(node) => Some(node),
            Item::Comment(_) => None,
        });
        values.nth(index)
    }

    /// Takes out the value at `index`, comments not counted.
    pub fn remove(&mut self, index: usize) -> Option<Node> {
        let mut places = self.items.iter().enumerate();
        let (place, _) = places
            .by_ref()
            .filter(|(_, item)| matches!(item, Item::Value(_)))
            .nth(index)?;
        match self.items.remove(place) {
            Item::Value(node) => Some(node),
            Item::Comment(_) => None,
        }
    }
}

impl Comment {
    /// A new comment with the text after its mark, leading blanks included.
    pub fn new(text: SecretBytes, inline: bool) -> Self {
        Self {
            text,
            inline,
            origin: None,
            changed: true,
        }
    }

    pub(crate) fn read(text: SecretBytes, inline: bool, origin: Origin) -> Self {
        Self {
            text,
            inline,
            origin: Some(origin),
            changed: false,
        }
    }

    /// The text after the mark.
    pub fn text(&self) -> &[u8] {
        self.text.expose()
    }

    /// Puts other text in its place.
    pub fn set_text(&mut self, text: SecretBytes) {
        self.changed |= self.text != text;
        self.text = text;
    }

    /// Puts back the text that was read, which counts as unchanged then.
    pub fn restore(&mut self, text: SecretBytes) {
        self.text = text;
        self.changed = self.origin.is_none();
    }

    /// Whether the text differs from what was read, or was never read.
    pub fn changed(&self) -> bool {
        self.changed
    }
}

impl Node {
    /// A new scalar of text.
    pub fn text(text: &str) -> Self {
        Self::scalar(Value::text(text))
    }

    /// A new scalar.
    pub fn scalar(value: Value) -> Self {
        Self::Scalar(Scalar::new(value))
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The text of a scalar of type string that is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().and_then(|scalar| scalar.value().as_str())
    }

    /// A second tree without comments and places.
    #[must_use]
    pub fn copy(&self) -> Self {
        match self {
            Self::List(list) => Self::List(List {
                items: list.values().map(|node| Item::Value(node.copy())).collect(),
                origin: None,
            }),
            Self::Map(map) => Self::Map(map.copy()),
            Self::Scalar(scalar) => Self::scalar(scalar.value().duplicate()),
        }
    }

    /// Where it was read, none for a new one.
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Self::List(list) => list.origin,
            Self::Map(map) => map.origin,
            Self::Scalar(scalar) => scalar.origin,
        }
    }
}

impl Scalar {
    /// A new scalar that stands in no text yet.
    pub fn new(value: Value) -> Self {
        Self {
            value,
            origin: None,
            changed: true,
        }
    }

    pub(crate) fn read(value: Value, origin: Origin) -> Self {
        Self {
            value,
            origin: Some(origin),
            changed: false,
        }
    }

    /// Its value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Takes the text or bytes out of it; what is left is empty. None for other types.
    pub fn take_text(&mut self) -> Option<SecretBytes> {
        match &mut self.value {
            Value::Bytes(bytes) | Value::String(bytes) => Some(std::mem::take(bytes)),
            _ => None,
        }
    }

    /// Puts another value in its place; an equal one of the same type changes nothing.
    pub fn set(&mut self, value: Value) {
        self.changed |= !self.value.same(&value);
        self.value = value;
    }

    /// Puts back the value that was read, which counts as unchanged then: after it was decrypted
    /// and encrypted again, for example.
    pub fn restore(&mut self, value: Value) {
        self.value = value;
        self.changed = self.origin.is_none();
    }

    /// Whether the value differs from what was read, or was never read.
    pub fn changed(&self) -> bool {
        self.changed
    }
}

impl Value {
    /// Text.
    pub fn text(text: &str) -> Self {
        Self::String(SecretBytes::copy_of(text.as_bytes()))
    }

    /// The text of a string that is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(bytes) => std::str::from_utf8(bytes.expose()).ok(),
            _ => None,
        }
    }

    /// Same type and same value; unlike `==` on floats, NaN is the same as NaN.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Bytes(one), Self::Bytes(two)) | (Self::String(one), Self::String(two)) => {
                one == two
            }
            (Self::Float(one), Self::Float(two)) => {
                one.to_bits() == two.to_bits() || (one.is_nan() && two.is_nan())
            }
            (Self::Int(one), Self::Int(two)) => one == two,
            (Self::Null, Self::Null) => true,
            (Self::Time(one), Self::Time(two)) => one == two,
            _ => false,
        }
    }

    /// A second, equally guarded copy.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        match self {
            Self::Bool(value) => Self::Bool(*value),
            Self::Bytes(bytes) => Self::Bytes(bytes.duplicate()),
            Self::Float(value) => Self::Float(*value),
            Self::Int(value) => Self::Int(*value),
            Self::Null => Self::Null,
            Self::String(bytes) => Self::String(bytes.duplicate()),
            Self::Time(time) => Self::Time(*time),
        }
    }

    /// The name of the type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Bytes(_) => "bytes",
            Self::Float(_) => "float",
            Self::Int(_) => "int",
            Self::Null => "null",
            Self::String(_) => "string",
            Self::Time(_) => "timestamp",
        }
    }
}

/// Shows the type only.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}(..)", self.type_name())
    }
}

/// Numbers and times are secrets as much as text is; text wipes itself.
impl Drop for Value {
    fn drop(&mut self) {
        match self {
            Self::Bool(value) => value.zeroize(),
            Self::Float(value) => value.zeroize(),
            Self::Int(value) => value.zeroize(),
            Self::Time(time) => time.wipe(),
            Self::Bytes(_) | Self::Null | Self::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value() {
        let mut map = Map::default();
        map.push("key", Node::text("hunter2"));
        map.push("pin", Node::scalar(Value::Int(987_654)));
        map.entries.push(Entry::Comment(Comment::new(
            SecretBytes::copy_of(b"hunter2"),
            false,
        )));
        let shown = format!("{map:?}");
        assert!(shown.contains("key") && !shown.contains("hunter2") && !shown.contains("987654"));
    }

    #[test]
    fn an_equal_value_is_no_change() {
        let origin = Origin {
            id: 0,
            alias: None,
            span: Span::new(0, 1),
        };
        let mut scalar = Scalar::read(Value::Int(5), origin);
        scalar.set(Value::Int(5));
        assert!(!scalar.changed());
        scalar.set(Value::Float(5.0));
        assert!(scalar.changed(), "another type is a change");
    }

    #[test]
    fn lists_count_values_only() {
        let comment = || Item::Comment(Comment::new(SecretBytes::copy_of(b" c"), false));
        let mut list = List::default();
        list.items.push(comment());
        list.items.push(Item::Value(Node::text("a")));
        list.items.push(comment());
        list.items.push(Item::Value(Node::text("b")));
        assert_eq!(list.get(1).and_then(Node::as_str), Some("b"));
        assert_eq!(list.remove(0).as_ref().and_then(Node::as_str), Some("a"));
        assert_eq!(list.items.len(), 3);
        assert!(list.remove(1).is_none());
    }
}
