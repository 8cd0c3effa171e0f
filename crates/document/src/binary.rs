//! Binary files: the whole content is one string under the key `data`.
//!
//! In encrypted form such a file is JSON; that is read and written as JSON.

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use crate::error::EmitError;
use crate::tree::{Entry, Map, Node, Origin, Pair, Scalar, Value};

/// The only key.
pub const DATA_KEY: &str = "data";

/// Takes the content.
pub(crate) fn read(bytes: SecretBytes) -> Map {
    let origin = Origin {
        id: 0,
        alias: None,
        span: Span::new(0, bytes.len()),
    };
    let scalar = Scalar::read(Value::String(bytes), origin);
    let pair = Pair {
        key: DATA_KEY.to_owned(),
        value: Node::Scalar(scalar),
        origin: None,
    };
    Map {
        entries: vec![Entry::Pair(pair)],
        origin: Some(origin),
    }
}

/// Gives the content back.
pub(crate) fn emit(map: &Map) -> Result<Zeroizing<Vec<u8>>, EmitError> {
    match map
        .get(DATA_KEY)
        .and_then(Node::as_scalar)
        .map(Scalar::value)
    {
        Some(Value::String(bytes) | Value::Bytes(bytes)) => {
            Ok(Zeroizing::new(bytes.expose().to_vec()))
        }
        _ => Err(EmitError::NotBinary),
    }
}
