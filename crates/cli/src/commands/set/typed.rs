//! New values with the types that they should have.

use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_document::tree::{Node, Value};
use nixseal_document::{Format, Timestamp};
use nixseal_sops::change::value::{from_json, like};

use crate::args::{Set, Type};
use crate::failure::Failure;

/// The value in `bytes` as a node, for the place where `old` is.
///
/// Texts stay as they are. Of other types the blanks around do not count, so that the line end of
/// `echo 5` is none of the number.
pub(super) fn node(
    arguments: &Set,
    format: Format,
    old: Option<&Node>,
    bytes: &SecretBytes,
) -> Result<Node, Failure> {
    if arguments.json_value {
        return Ok(from_json(bytes.expose())?);
    }
    if let Some(kind) = shape(old) {
        let key = arguments.key.as_deref().unwrap_or_default();
        return Err(
            Failure::new(format!("'{key}' is a {kind}, not a single value"))
                .hint("name a value in it, or replace it as a whole with --json-value"),
        );
    }
    // Files without types hold texts, whatever they were read as.
    let typed = matches!(format, Format::Json | Format::Yaml);
    let old = old
        .and_then(Node::as_scalar)
        .map(|scalar| scalar.value())
        .filter(|_| typed);
    let example = match arguments.kind {
        Some(kind) => Some(example(kind)),
        None => old.map(Value::duplicate),
    };
    let text = bytes.as_text().ok_or_else(|| {
        Failure::new("the value is not UTF-8 text").hint("encode it, for example with base64")
    })?;
    match &example {
        None | Some(Value::String(_) | Value::Null | Value::Bytes(_)) => {
            Ok(Node::scalar(Value::String(bytes.duplicate())))
        }
        example => {
            let text = SecretText::new(text.trim().to_owned());
            let value = like(example.as_ref(), &text).map_err(|error| {
                let failure = Failure::new(error.to_string());
                match arguments.kind {
                    Some(_) => failure,
                    None => failure.hint("to give it another type: --type string"),
                }
            })?;
            Ok(Node::scalar(value))
        }
    }
}

/// The word for a map or a list.
fn shape(node: Option<&Node>) -> Option<&'static str> {
    match node? {
        Node::List(_) => Some("list"),
        Node::Map(_) => Some("map"),
        Node::Scalar(_) => None,
    }
}

/// Some value of a type.
fn example(kind: Type) -> Value {
    match kind {
        Type::Bool => Value::Bool(false),
        Type::Float => Value::Float(0.0),
        Type::Int => Value::Int(0),
        Type::String => Value::text(""),
        Type::Timestamp => {
            Timestamp::parse_yaml("2026-01-01").map_or_else(|| Value::text(""), Value::Time)
        }
    }
}
