//! Reading maps of the configuration file by the rules of go-yaml: merge keys count, plain
//! scalars of any type are texts where texts are expected, and places are kept for messages.

use std::sync::Arc;

use nixseal_base::diag::{Diagnostic, Source};
use nixseal_base::span::Span;
use nixseal_document::flat;
use nixseal_document::tree::{Map, Node, Pair, Value};

/// A text and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spanned {
    pub(super) text: String,
    pub(super) span: Span,
}

/// A map of the file.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) map: &'a Map,
    pub(super) source: &'a Arc<Source>,
}

pub(super) type Read<T> = Result<T, Diagnostic>;

impl<'a> Fields<'a> {
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.source, span)
    }

    /// The pair of that name, of the map itself or merged into it (`<<: *other`); nulls count as
    /// absent.
    pub(super) fn pair(&self, name: &str) -> Option<&'a Pair> {
        find(self.map, name, 0).filter(|pair| !is_null(&pair.value))
    }

    pub(super) fn map(&self, name: &str) -> Read<Option<Fields<'a>>> {
        let Some(pair) = self.pair(name) else {
            return Ok(None);
        };
        self.as_map(&pair.value, name).map(Some)
    }

    /// The maps of a list; none if there is no list.
    pub(super) fn maps(&self, name: &str) -> Read<Option<Vec<Fields<'a>>>> {
        let Some(nodes) = self.list(name)? else {
            return Ok(None);
        };
        nodes
            .into_iter()
            .map(|node| self.as_map(node, name))
            .collect::<Read<_>>()
            .map(Some)
    }

    fn as_map(&self, node: &'a Node, name: &str) -> Read<Fields<'a>> {
        let wrong = || self.error(span_of(node), format!("'{name}' has to be made of maps"));
        node.as_map()
            .map(|map| Fields {
                map,
                source: self.source,
            })
            .ok_or_else(wrong)
    }

    pub(super) fn list(&self, name: &str) -> Read<Option<Vec<&'a Node>>> {
        let Some(pair) = self.pair(name) else {
            return Ok(None);
        };
        let wrong = || self.error(span_of(&pair.value), format!("'{name}' has to be a list"));
        let list = pair.value.as_list().ok_or_else(wrong)?;
        Ok(Some(list.values().collect()))
    }

    /// The texts of a list.
    pub(super) fn texts(&self, name: &str) -> Read<Vec<Spanned>> {
        let nodes = self.list(name)?.unwrap_or_default();
        nodes
            .into_iter()
            .map(|node| self.as_text(node, name))
            .collect()
    }

    /// Texts in a list, or one text with commas; blanks around them are dropped.
    pub(super) fn texts_or_commas(&self, name: &str) -> Read<Vec<Spanned>> {
        let Some(pair) = self.pair(name) else {
            return Ok(Vec::new());
        };
        let whole = match &pair.value {
            Node::List(_) => self.texts(name)?,
            node => vec![self.as_text(node, name)?],
        };
        let split = |whole: Spanned| -> Vec<Spanned> {
            let parts = whole
                .text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            parts
                .map(|part| Spanned {
                    text: part.to_owned(),
                    span: whole.span,
                })
                .collect()
        };
        Ok(whole.into_iter().flat_map(split).collect())
    }

    /// A text; none if it is missing or empty, which mean the same here.
    pub(super) fn text(&self, name: &str) -> Read<Option<Spanned>> {
        let Some(pair) = self.pair(name) else {
            return Ok(None);
        };
        let text = self.as_text(&pair.value, name)?;
        Ok((!text.text.is_empty()).then_some(text))
    }

    fn as_text(&self, node: &Node, name: &str) -> Read<Spanned> {
        let span = span_of(node);
        let wrong = || self.error(span, format!("'{name}' has to be made of texts"));
        let text = match node.as_scalar().ok_or_else(wrong)?.value() {
            Value::Null => String::new(),
            value @ (Value::String(_) | Value::Bytes(_)) => {
                value.as_str().ok_or_else(wrong)?.to_owned()
            }
            // Numbers and the like are taken as they are spelled, without anchor and tag.
            value => match self.source.text.get(span.start..span.end) {
                Some(text) if !text.starts_with('*') => text
                    .split_whitespace()
                    .next_back()
                    .unwrap_or_default()
                    .to_owned(),
                _ => String::from_utf8_lossy(&flat::text(value)).into_owned(),
            },
        };
        Ok(Spanned { text, span })
    }

    pub(super) fn integer(&self, name: &str) -> Read<Option<i64>> {
        let Some(pair) = self.pair(name) else {
            return Ok(None);
        };
        match pair
            .value
            .as_scalar()
            .map(nixseal_document::tree::Scalar::value)
        {
            Some(Value::Int(number)) => Ok(Some(*number)),
            _ => Err(self.error(
                span_of(&pair.value),
                format!("'{name}' has to be a whole number"),
            )),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Read<bool> {
        let Some(pair) = self.pair(name) else {
            return Ok(false);
        };
        match pair
            .value
            .as_scalar()
            .map(nixseal_document::tree::Scalar::value)
        {
            Some(Value::Bool(flag)) => Ok(*flag),
            _ => Err(self.error(
                span_of(&pair.value),
                format!("'{name}' has to be true or false"),
            )),
        }
    }

    /// The place of the map.
    pub(super) fn span(&self) -> Span {
        self.map
            .origin
            .map(|origin| origin.span)
            .unwrap_or_default()
    }
}

/// The place of a value.
pub(super) fn span_of(node: &Node) -> Span {
    node.origin().map(|origin| origin.span).unwrap_or_default()
}

/// The merge key of YAML 1.1.
pub(super) const MERGE: &str = "<<";

fn find<'a>(map: &'a Map, name: &str, depth: usize) -> Option<&'a Pair> {
    if let Some(pair) = map.pair(name) {
        return Some(pair);
    }
    // Aliases were followed when the file was read: more levels than anybody writes.
    let merged = map.get(MERGE).filter(|_| depth < 16)?;
    match merged {
        Node::Map(map) => find(map, name, depth + 1),
        Node::List(list) => list
            .values()
            .filter_map(Node::as_map)
            .find_map(|map| find(map, name, depth + 1)),
        Node::Scalar(_) => None,
    }
}

fn is_null(node: &Node) -> bool {
    node.as_scalar()
        .is_some_and(|scalar| matches!(scalar.value(), Value::Null))
}
