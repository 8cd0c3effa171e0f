//! One value of a document: single values as their exact bytes, maps and lists as documents.

use std::path::Path as FilePath;

use nixseal_base::secret::SecretBytes;
use nixseal_document::path::Path;
use nixseal_document::tree::{Map, Node, Value};
use nixseal_document::{EmitOptions, Format, emit_value, flat};

use crate::commands::place::keys_near;
use crate::failure::Failure;

/// How to print.
pub(super) struct Print {
    /// The format of the document.
    pub(super) format: Format,
    /// The one that was asked for.
    pub(super) wanted: Option<Format>,
    /// Its layout.
    pub(super) options: EmitOptions,
}

/// The value at `key` of the first document in `file`.
pub(super) fn shown(
    branches: &[Map],
    key: &str,
    file: &FilePath,
    print: &Print,
) -> Result<SecretBytes, Failure> {
    let path = Path::parse(key).map_err(|error| Failure::usage(error.to_string()))?;
    let first = branches.first().ok_or_else(|| {
        let file = file.display();
        Failure::new(format!("'{file}' holds no document"))
    })?;
    let node = path.get(first).map_err(|fault| {
        let failure = keys_near(first, fault, file);
        match branches.len() {
            0 | 1 => failure,
            count => failure.hint(format!(
                "only the first of its {count} documents is looked at"
            )),
        }
    })?;
    match (node, print.wanted) {
        (Node::Scalar(scalar), None) => Ok(plain(scalar.value())),
        (_, wanted) => {
            let format = wanted.unwrap_or(print.format);
            let text = emit_value(format, node, &print.options).map_err(|error| {
                Failure::new(format!("cannot print '{path}' as {format}: {error}"))
            })?;
            // A binary file is one value, and a text in dotenv is its bytes.
            Ok(match format {
                Format::Binary | Format::Dotenv => text,
                _ => ended(&text),
            })
        }
    }
}

fn plain(value: &Value) -> SecretBytes {
    match value {
        Value::Null => SecretBytes::copy_of(b"null"),
        value => SecretBytes::copy_of(&flat::text(value)),
    }
}

/// With a line end.
fn ended(text: &SecretBytes) -> SecretBytes {
    if text.expose().ends_with(b"\n") {
        return text.duplicate();
    }
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(text.expose());
    bytes.push(b'\n');
    SecretBytes::new(bytes)
}
