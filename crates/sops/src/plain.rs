//! Values as the bytes that SOPS encrypts and hashes, with their type tags.

use std::ops::Deref;

use nixseal_base::secret::SecretBytes;
use nixseal_document::Timestamp;
use nixseal_document::number;
use nixseal_document::tree::Value;
use zeroize::Zeroizing;

/// The type tag at the end of an encrypted value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Bool,
    Bytes,
    Comment,
    Float,
    Int,
    Str,
    Time,
}

impl Tag {
    const ALL: [Self; 7] = [
        Self::Bool,
        Self::Bytes,
        Self::Comment,
        Self::Float,
        Self::Int,
        Self::Str,
        Self::Time,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Bytes => "bytes",
            Self::Comment => "comment",
            Self::Float => "float",
            Self::Int => "int",
            Self::Str => "str",
            Self::Time => "time",
        }
    }

    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|tag| tag.name().as_bytes() == name)
    }
}

/// The bytes of a value, borrowed where the value is text.
pub(crate) enum Plain<'a> {
    Borrowed(&'a [u8]),
    Owned(Zeroizing<String>),
}

impl Deref for Plain<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(text) => text.as_bytes(),
        }
    }
}

/// The bytes and the tag of a value; none for null, which SOPS neither encrypts nor hashes.
/// Raw bytes count as text: `sops` reads the tag `bytes` and never writes it.
pub(crate) fn plain(value: &Value) -> Option<(Plain<'_>, Tag)> {
    let owned = |text: String| Plain::Owned(Zeroizing::new(text));
    Some(match value {
        Value::Bool(true) => (Plain::Borrowed(b"True"), Tag::Bool),
        Value::Bool(false) => (Plain::Borrowed(b"False"), Tag::Bool),
        Value::Bytes(bytes) | Value::String(bytes) => (Plain::Borrowed(bytes.expose()), Tag::Str),
        Value::Float(number) => (owned(number::plain(*number)), Tag::Float),
        Value::Int(number) => (owned(number.to_string()), Tag::Int),
        Value::Null => return None,
        Value::Time(time) => (owned(time.to_string()), Tag::Time),
    })
}

/// The value behind decrypted bytes; none when they do not fit the tag.
/// [`Tag::Comment`] has no value of its own and gives text.
pub(crate) fn typed(bytes: SecretBytes, tag: Tag) -> Option<Value> {
    let text = || std::str::from_utf8(bytes.expose()).ok();
    Some(match tag {
        Tag::Bool => Value::Bool(parse_bool(bytes.expose())?),
        Tag::Bytes => Value::Bytes(bytes),
        Tag::Comment | Tag::Str => Value::String(bytes),
        Tag::Float => Value::Float(parse_float(text()?)?),
        Tag::Int => Value::Int(text()?.parse().ok()?),
        Tag::Time => Value::Time(Timestamp::parse_rfc3339(text()?)?),
    })
}

/// The spellings of Go's `strconv.ParseBool`.
fn parse_bool(text: &[u8]) -> Option<bool> {
    match text {
        b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Some(true),
        b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Some(false),
        _ => None,
    }
}

/// A number too large for a double is an error, as in Go, not an infinity.
fn parse_float(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    (number.is_finite() || !digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(value: &Value) -> Option<(String, Tag)> {
        plain(value).map(|(bytes, tag)| (String::from_utf8_lossy(&bytes).into_owned(), tag))
    }

    #[test]
    fn values_go_to_bytes_and_back() {
        let time = Timestamp::parse_yaml("2001-12-14t21:59:43.10-05:00").unwrap();
        for (value, bytes, tag) in [
            (Value::Bool(true), "True", Tag::Bool),
            (Value::Bool(false), "False", Tag::Bool),
            (Value::Float(1.5), "1.5", Tag::Float),
            (Value::Float(1e21), "1000000000000000000000", Tag::Float),
            (Value::Float(f64::INFINITY), "+Inf", Tag::Float),
            (Value::Float(f64::NAN), "NaN", Tag::Float),
            (Value::Int(i64::MIN), "-9223372036854775808", Tag::Int),
            (Value::text("ü"), "ü", Tag::Str),
            (Value::Time(time), "2001-12-14T21:59:43.1-05:00", Tag::Time),
        ] {
            assert_eq!(bytes_of(&value), Some((bytes.to_owned(), tag)));
            let back = typed(SecretBytes::copy_of(bytes.as_bytes()), tag).unwrap();
            assert!(back.same(&value), "{bytes}");
        }
        assert_eq!(bytes_of(&Value::Null), None);
    }

    #[test]
    fn bytes_that_do_not_fit_their_tag_are_refused() {
        for (bytes, tag) in [
            ("yes", Tag::Bool),
            ("9223372036854775808", Tag::Int),
            ("1.0", Tag::Int),
            ("", Tag::Int),
            ("1e999", Tag::Float),
            ("x", Tag::Float),
            ("2024-01-01", Tag::Time),
        ] {
            assert!(
                typed(SecretBytes::copy_of(bytes.as_bytes()), tag).is_none(),
                "{bytes}"
            );
        }
        assert!(matches!(
            typed(SecretBytes::copy_of(b"t"), Tag::Bool),
            Some(Value::Bool(true))
        ));
    }
}
