//! Scalars as the formats without types hold them.

use zeroize::Zeroizing;

use crate::number;
use crate::tree::Value;

/// A value as text: what `sops` puts into dotenv and INI files and into the environment.
///
/// Unlike `sops`, fractions of a second stay.
pub fn text(value: &Value) -> Zeroizing<Vec<u8>> {
    let text = match value {
        Value::Bool(value) => value.to_string(),
        Value::Float(value) => number::flat(*value),
        Value::Int(value) => value.to_string(),
        Value::Null => "<nil>".to_owned(),
        Value::Time(time) => time.to_string(),
        Value::Bytes(bytes) | Value::String(bytes) => {
            return Zeroizing::new(bytes.expose().to_vec());
        }
    };
    Zeroizing::new(text.into_bytes())
}
