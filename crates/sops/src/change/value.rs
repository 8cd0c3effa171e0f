//! New values as people type them.

use nixseal_base::secret::SecretText;
use nixseal_document::tree::{Node, Value};
use nixseal_document::{Format, Timestamp, parse};
use zeroize::Zeroizing;

/// Why a text is no value. Never quotes the text: it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// Not JSON.
    #[error("the value is not valid JSON: put texts in double quotes")]
    NotJson,
    /// Not of the type of the value in its place.
    #[error("the value there is of type {0}, and the new one is not")]
    NotOfType(&'static str),
}

/// Reads a value in JSON. Whole numbers of 64 bits stay whole, where `sops set` makes a top-level
/// one a float; keys keep their order.
///
/// # Errors
/// [`InvalidValue::NotJson`].
pub fn from_json(text: &[u8]) -> Result<Node, InvalidValue> {
    let mut wrapped = Zeroizing::new(Vec::with_capacity(text.len() + 8));
    for part in [b"{\"\":".as_slice(), text, b"}"] {
        wrapped.extend_from_slice(part);
    }
    let document = parse(Format::Json, &wrapped).map_err(|_| InvalidValue::NotJson)?;
    // Two pairs are the work of a text such as `1,"a":2`.
    let mut pairs = document.branches.iter().flat_map(|map| map.pairs());
    match (pairs.next(), pairs.next()) {
        (Some(pair), None) => Ok(pair.value.copy()),
        _ => Err(InvalidValue::NotJson),
    }
}

/// Reads a text as a value of the same type as `old`; without one, and for maps and lists, it is a
/// text.
///
/// # Errors
/// [`InvalidValue::NotOfType`].
pub fn like(old: Option<&Value>, text: &SecretText) -> Result<Value, InvalidValue> {
    let text = text.expose();
    let value = match old {
        None | Some(Value::Bytes(_) | Value::Null | Value::String(_)) => Some(Value::text(text)),
        Some(Value::Bool(_)) => text.parse().ok().map(Value::Bool),
        Some(Value::Float(_)) => text.parse().ok().map(Value::Float),
        Some(Value::Int(_)) => text.parse().ok().map(Value::Int),
        Some(Value::Time(_)) => Timestamp::parse_yaml(text).map(Value::Time),
    };
    let kind = old.map_or("string", Value::type_name);
    value.ok_or(InvalidValue::NotOfType(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str) -> Value {
        let node = from_json(text.as_bytes()).unwrap();
        node.as_scalar().unwrap().value().duplicate()
    }

    #[test]
    fn json_values_keep_their_types() {
        for (text, expected) in [
            ("5", Value::Int(5)),
            ("5432000", Value::Int(5_432_000)),
            ("9007199254740993", Value::Int(9_007_199_254_740_993)),
            ("5.0", Value::Float(5.0)),
            ("1e3", Value::Float(1000.0)),
            (
                "18446744073709551616",
                Value::Float(18_446_744_073_709_551_616.0),
            ),
            (" \"y\"\n", Value::text("y")),
            ("true", Value::Bool(true)),
            ("null", Value::Null),
        ] {
            assert!(scalar(text).same(&expected), "{text}");
        }
        let list = from_json(b"[1, {\"b\": 2, \"a\": 3}]").unwrap();
        let map = list.as_list().unwrap().get(1).unwrap().as_map().unwrap();
        assert_eq!(
            map.pairs()
                .map(|pair| pair.key.as_str())
                .collect::<String>(),
            "ba"
        );
        assert!(list.origin().is_none() && map.origin.is_none());
    }

    #[test]
    fn what_is_not_one_value_is_refused() {
        for text in [
            "",
            "x",
            "1 2",
            "1,2",
            "1,\"a\":2",
            "1}",
            "1},{\"a\":2",
            "{",
            "'a'",
            "01",
            "1e999",
        ] {
            assert_eq!(
                from_json(text.as_bytes()).err(),
                Some(InvalidValue::NotJson),
                "{text}"
            );
        }
    }

    #[test]
    fn typed_as_the_value_in_its_place() {
        let like =
            |old: Option<Value>, text: &str| like(old.as_ref(), &SecretText::new(text.to_owned()));
        let is = |old: Option<Value>, text: &str, new: Value| {
            assert!(like(old, text).unwrap().same(&new), "{text}");
        };
        is(None, "5", Value::text("5"));
        is(Some(Value::text("x")), "5", Value::text("5"));
        is(Some(Value::Int(1)), "-5", Value::Int(-5));
        is(Some(Value::Float(1.5)), "5", Value::Float(5.0));
        is(Some(Value::Bool(true)), "false", Value::Bool(false));
        assert_eq!(
            like(Some(Value::Int(1)), "x").err(),
            Some(InvalidValue::NotOfType("int"))
        );
    }
}
