//! What a scalar means: the implicit types of go-yaml v3.
//!
//! It is YAML 1.2's core schema with remains of 1.1: timestamps, `_` in numbers, octals with a
//! leading 0; but `yes`, `no`, `on`, `off` are strings.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

use crate::timestamp::Timestamp;
use crate::tree::Value;

/// What stands for the YAML 1.1 tags.
const PREFIX: &str = "tag:yaml.org,2002:";

/// Why a scalar has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The text does not fit the tag written before it.
    Tag(String),
    /// Between 2^63 and 2^64: go-yaml reads it, SOPS cannot store it.
    Range,
}

/// The value of a scalar with that tag (long form; none if none is written).
pub(crate) fn resolve(tag: Option<&str>, text: &str, plain: bool) -> Result<Value, Fault> {
    let Some(tag) = tag else {
        return if plain {
            implicit(text, true)
        } else {
            Ok(Value::text(text))
        };
    };
    let short = tag.strip_prefix(PREFIX).or_else(|| tag.strip_prefix("!!"));
    let mismatch = || {
        Fault::Tag(format!(
            "the value does not fit its tag '!!{}'",
            short.unwrap_or("")
        ))
    };
    let value = match short {
        Some("binary") => return binary(text).ok_or_else(mismatch),
        Some("bool" | "float" | "int" | "null" | "timestamp") => {
            implicit(text, short == Some("timestamp"))?
        }
        _ => return Ok(Value::text(text)),
    };
    let fits = match (short, &value) {
        (Some("float"), Value::Int(number)) => return Ok(Value::Float(*number as f64)),
        (Some("float"), Value::Float(_))
        | (Some("bool"), Value::Bool(_))
        | (Some("int"), Value::Int(_))
        | (Some("null"), Value::Null)
        | (Some("timestamp"), Value::Time(_)) => true,
        _ => false,
    };
    if fits { Ok(value) } else { Err(mismatch()) }
}

/// Whether a plain scalar of that text would be read as this very string.
pub(crate) fn stays_string(text: &str) -> bool {
    matches!(other_than_string(text, true), Ok(None))
}

fn implicit(text: &str, timestamps: bool) -> Result<Value, Fault> {
    let other = other_than_string(text, timestamps)?;
    Ok(other.unwrap_or_else(|| Value::text(text)))
}

/// The value of a plain scalar that is no string.
fn other_than_string(text: &str, timestamps: bool) -> Result<Option<Value>, Fault> {
    Ok(Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => return numeric(text, timestamps),
    }))
}

/// Numbers and times.
fn numeric(text: &str, timestamps: bool) -> Result<Option<Value>, Fault> {
    match text.as_bytes().first() {
        Some(b'.') => Ok(go_float(text).map(Value::Float)),
        Some(b'+' | b'-' | b'0'..=b'9') => {
            if timestamps && let Some(time) = Timestamp::parse_yaml(text) {
                return Ok(Some(Value::Time(time)));
            }
            number(text)
        }
        _ => Ok(None),
    }
}

fn number(text: &str) -> Result<Option<Value>, Fault> {
    let digits: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|character| *character != '_').collect());
    match integer(&digits) {
        Some(Integer::Fits(value)) => return Ok(Some(Value::Int(value))),
        Some(Integer::Unsigned) => return Err(Fault::Range),
        None => {}
    }
    if is_decimal_float(&digits)
        && let Some(value) = digits.parse::<f64>().ok().filter(|value| value.is_finite())
    {
        return Ok(Some(Value::Float(value)));
    }
    // go-yaml tries the digits after these prefixes with a sign of their own: `0b-1` is -1.
    for (prefix, base) in [("0b", 2), ("0o", 8)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return Ok(i64::from_str_radix(rest, base).ok().map(Value::Int));
        }
    }
    Ok(None)
}

enum Integer {
    Fits(i64),
    Unsigned,
}

/// Go's integer literals without `_`: sign, then decimal, `0x`, `0o`, `0b`, or octal after a 0.
fn integer(text: &str) -> Option<Integer> {
    let (negative, signed, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, true, text.get(1..)?),
        Some(b'+') => (false, true, text.get(1..)?),
        _ => (false, false, text),
    };
    let lower = |prefix: &str| {
        let head = unsigned.get(..2)?;
        head.eq_ignore_ascii_case(prefix)
            .then(|| unsigned.get(2..))
            .flatten()
    };
    let (digits, base) = if let Some(rest) = lower("0x") {
        (rest, 16)
    } else if let Some(rest) = lower("0o") {
        (rest, 8)
    } else if let Some(rest) = lower("0b") {
        (rest, 2)
    } else if unsigned.len() > 1 && unsigned.starts_with('0') {
        (unsigned.get(1..)?, 8)
    } else {
        (unsigned, 10)
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => Some(Integer::Fits(value)),
        (true, Ok(value)) => Some(Integer::Fits(-value)),
        (true, Err(_)) if magnitude == 1 << 63 => Some(Integer::Fits(i64::MIN)),
        (false, Err(_)) if !signed => Some(Integer::Unsigned),
        _ => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    let exponent_fits = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    mantissa_fits && exponent_fits
}

/// A number that begins with a point, which Go reads with `_` between digits.
fn go_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let between_digits = |index: usize| {
        let digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
        let before = index.checked_sub(1).and_then(|index| bytes.get(index));
        digit(before) && digit(bytes.get(index + 1))
    };
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    if !underscores.all(|(index, _)| between_digits(index)) {
        return None;
    }
    let digits: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|character| *character != '_').collect());
    if !is_decimal_float(&digits) {
        return None;
    }
    digits.parse().ok().filter(|value: &f64| value.is_finite())
}

fn binary(text: &str) -> Option<Value> {
    // Standard alphabet with padding; line breaks are passed over, odd last bits allowed.
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.bytes()
            .filter(|byte| !matches!(byte, b'\n' | b'\r'))
            .collect(),
    );
    engine
        .decode(packed.as_slice())
        .ok()
        .map(|bytes| Value::String(SecretBytes::new(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &Value) -> String {
        match value {
            Value::Bool(value) => format!("bool {value}"),
            Value::Float(value) => format!("float {value}"),
            Value::Int(value) => format!("int {value}"),
            Value::Null => "null".to_owned(),
            Value::String(bytes) => format!("str {}", String::from_utf8_lossy(bytes.expose())),
            Value::Time(time) => format!("time {time}"),
            Value::Bytes(_) => "bytes".to_owned(),
        }
    }

    #[test]
    fn plain_scalars() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("nULL", "str nULL"),
            ("True", "bool true"),
            ("yes", "str yes"),
            ("5", "int 5"),
            ("+5", "int 5"),
            ("-0x1F", "int -31"),
            ("0o17", "int 15"),
            ("017", "int 15"),
            ("08", "float 8"),
            ("0b101", "int 5"),
            ("0b-101", "int -5"),
            ("1_000", "int 1000"),
            ("0x", "str 0x"),
            ("1__0_", "int 10"),
            ("_1", "str _1"),
            ("9223372036854775807", "int 9223372036854775807"),
            ("-9223372036854775808", "int -9223372036854775808"),
            ("-9223372036854775809", "float -9223372036854776000"),
            ("99999999999999999999", "float 100000000000000000000"),
            ("1.5", "float 1.5"),
            ("1e3", "float 1000"),
            ("5.", "float 5"),
            (".5", "float 0.5"),
            (".5_0", "float 0.5"),
            ("._5", "str ._5"),
            ("1e400", "str 1e400"),
            ("-.inf", "float -inf"),
            (".nan", "float NaN"),
            ("2024-01-01", "time 2024-01-01T00:00:00Z"),
            ("12:30:45", "str 12:30:45"),
            ("1.2.3", "str 1.2.3"),
            ("+", "str +"),
            ("<<", "str <<"),
            ("é", "str é"),
        ] {
            assert_eq!(
                resolve(None, text, true).as_ref().map(shown),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
        assert!(matches!(
            resolve(None, "9223372036854775808", true),
            Err(Fault::Range)
        ));
        assert!(matches!(
            resolve(None, "0xFFFFFFFFFFFFFFFF", true),
            Err(Fault::Range)
        ));
    }

    #[test]
    fn tags() {
        let long = |name: &str| format!("{PREFIX}{name}");
        for (tag, text, expected) in [
            ("str", "5", Some("str 5")),
            ("int", "5", Some("int 5")),
            ("int", "5.5", None),
            ("float", "5", Some("float 5")),
            ("bool", "yes", None),
            ("null", "", Some("null")),
            ("null", "x", None),
            ("timestamp", "2024-01-01", Some("time 2024-01-01T00:00:00Z")),
            ("timestamp", "today", None),
            ("binary", "aGVs\nbG8=", Some("str hello")),
            ("binary", "aGVsbG8", None),
            ("other", "5", Some("str 5")),
        ] {
            let value = resolve(Some(&long(tag)), text, true).ok();
            assert_eq!(
                value.as_ref().map(shown).as_deref(),
                expected,
                "!!{tag} {text}"
            );
        }
    }
}
