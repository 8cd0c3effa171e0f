//! Values as JSON, as `builtins.toJSON` and `nix-instantiate --json` print them.

use std::fmt::Write as _;

use super::coerce::Coercion;
use super::fault::{Fault, Result};
use super::machine::Machine;
use super::value::{Attrs, ThunkId, Value};

/// Writes the value, evaluating all of it.
pub(crate) fn write(machine: &mut Machine<'_>, id: ThunkId, into: &mut String) -> Result<()> {
    let value = machine.force(id)?;
    machine.spend(1)?;
    machine.deeper(|machine| write_value(machine, &value, into))
}

fn write_value(machine: &mut Machine<'_>, value: &Value, into: &mut String) -> Result<()> {
    match value {
        Value::Null => into.push_str("null"),
        Value::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => into.push_str(&number.to_string()),
        Value::Float(number) => into.push_str(&float(*number)),
        Value::String(text) => {
            machine.spend(text.len() / 4)?;
            write_text(text, into)?;
        }
        Value::Path(_) => {
            // Says that the path would have to be copied to the store.
            machine.coerce(value, Coercion::INTERPOLATE)?;
        }
        Value::List(items) => {
            into.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                write(machine, *item, into)?;
            }
            into.push(']');
        }
        Value::Attrs(attrs) => write_attrs(machine, attrs, value, into)?,
        Value::Lambda(..) | Value::Builtin(_) | Value::Partial(_) => {
            return Err(Fault::evaluation("cannot convert a function to JSON"));
        }
    }
    Ok(())
}

fn write_attrs(
    machine: &mut Machine<'_>,
    attrs: &Attrs,
    whole: &Value,
    into: &mut String,
) -> Result<()> {
    let to_string = machine.symbols.intern(b"__toString");
    if attrs.get(to_string).is_some() {
        let text = machine.coerce(whole, Coercion::INTERPOLATE)?;
        return write_text(&text, into);
    }
    let out_path = machine.symbols.intern(b"outPath");
    if let Some(path) = attrs.get(out_path) {
        return write(machine, path.value, into);
    }
    into.push('{');
    for (index, attr) in machine.sorted(attrs)?.iter().enumerate() {
        if index > 0 {
            into.push(',');
        }
        let name = machine.symbols.text(attr.name).clone();
        write_text(&name, into)?;
        into.push(':');
        write(machine, attr.value, into).map_err(|fault| fault.or_at(attr.at))?;
    }
    into.push('}');
    Ok(())
}

fn write_text(text: &[u8], into: &mut String) -> Result<()> {
    let text = std::str::from_utf8(text);
    let text = text.map_err(|_| Fault::evaluation("a string is not UTF-8, JSON needs that"))?;
    into.push('"');
    let mut rest = text;
    while let Some(index) = position_of_special(rest.as_bytes()) {
        let (plain, behind) = rest.split_at(index);
        into.push_str(plain);
        let (escape, behind) = behind.split_at(1);
        match escape {
            "\"" => into.push_str("\\\""),
            "\\" => into.push_str("\\\\"),
            "\u{8}" => into.push_str("\\b"),
            "\u{c}" => into.push_str("\\f"),
            "\n" => into.push_str("\\n"),
            "\r" => into.push_str("\\r"),
            "\t" => into.push_str("\\t"),
            control => {
                let code = control.bytes().next().unwrap_or_default();
                // Writing to a string cannot fail.
                let _ = write!(into, "\\u{code:04x}");
            }
        }
        rest = behind;
    }
    into.push_str(rest);
    into.push('"');
    Ok(())
}

/// Where the first byte stands that JSON writes in another way.
fn position_of_special(text: &[u8]) -> Option<usize> {
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // Whole blocks without a way out in between, which the compiler turns into
    // a few wide instructions.
    let blocks = text.chunks_exact(16);
    let clean = blocks
        .take_while(|block| !block.iter().fold(false, |any, byte| any | special(*byte)))
        .count();
    let rest = text.get(clean * 16..).unwrap_or_default();
    rest.iter()
        .position(|byte| special(*byte))
        .map(|index| clean * 16 + index)
}

/// The shortest digits that give the same float, with an exponent outside of
/// 10^-4 to 10^15, as the JSON library of Nix writes it.
fn float(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.replace('.', "");
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let point = exponent + 1;
    let body = match usize::try_from(point) {
        Ok(0) => format!("0.{digits}"),
        Ok(point @ 1..=15) if point >= digits.len() => {
            format!("{digits}{}.0", "0".repeat(point - digits.len()))
        }
        Ok(point @ 1..=15) => format!("{}.{}", &digits[..point], &digits[point..]),
        Err(_) if point > -4 => {
            format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{first}{dot}{rest}e{sign}{:02}", exponent.unsigned_abs())
        }
    };
    format!("{sign}{body}")
}

#[cfg(test)]
mod tests {
    use super::{float, write_text};

    #[test]
    fn escapes_at_every_place() {
        for length in 0..40 {
            for (special, escape) in [("\"", "\\\""), ("\\", "\\\\"), ("\u{1f}", "\\u001f")] {
                let (before, after) = ("a".repeat(length), "é".repeat(40 - length));
                let mut json = String::new();
                let text = format!("{before}{special}{after}{special}");
                assert!(write_text(text.as_bytes(), &mut json).is_ok());
                assert_eq!(json, format!("\"{before}{escape}{after}{escape}\""));
            }
        }
    }

    #[test]
    fn floats() {
        let cases = [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-1234.5, "-1234.5"),
            (1e300, "1e+300"),
            (1.5e-7, "1.5e-07"),
            (0.001, "0.001"),
            (0.0, "0.0"),
            (123_456_789_012_345.0, "123456789012345.0"),
            (1e15, "1e+15"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
    }
}
