//! JSON, TOML and hashes.

use std::rc::Rc;

use sha2::Digest as _;

use crate::eval::fault::{Fault, Result};
use crate::eval::json;
use crate::eval::machine::Machine;
use crate::eval::value::{Attrs, ThunkId, Value};

pub(super) fn to_json(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let mut text = String::new();
    json::write(machine, args[0], &mut text)?;
    Ok(Value::text(&text))
}

pub(super) fn from_json(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let text = machine.force_string(args[0])?;
    machine.spend(text.len())?;
    let parsed = serde_json::from_slice(&text);
    let parsed = parsed.map_err(|error| Fault::evaluation(format!("invalid JSON: {error}")))?;
    machine.json_value(parsed)
}

pub(super) fn from_toml(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let text = machine.force_string(args[0])?;
    machine.spend(text.len())?;
    let text = std::str::from_utf8(&text);
    let text = text.map_err(|_| Fault::evaluation("invalid TOML: it is not UTF-8"))?;
    let parsed: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let message = error.message().lines().next().unwrap_or_default();
        Fault::evaluation(format!("invalid TOML: {message}"))
    })?;
    machine.toml_value(toml::Value::Table(parsed))
}

pub(super) fn hash_string(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let kind = machine.force_string(args[0])?;
    let text = machine.force_string(args[1])?;
    machine.spend(text.len())?;
    hash(&kind, &text)
}

pub(super) fn hash_file(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let kind = machine.force_string(args[0])?;
    let path = machine.force_path(args[1])?;
    let bytes = machine.read_bytes(&path)?;
    hash(&kind, &bytes)
}

fn hash(kind: &[u8], bytes: &[u8]) -> Result<Value> {
    let digest = match kind {
        b"md5" => hex(&md5::Md5::digest(bytes)),
        b"sha1" => hex(&sha1::Sha1::digest(bytes)),
        b"sha256" => hex(&sha2::Sha256::digest(bytes)),
        b"sha512" => hex(&sha2::Sha512::digest(bytes)),
        other => {
            let other = String::from_utf8_lossy(other);
            return Err(Fault::evaluation(format!("unknown hash type '{other}'")));
        }
    };
    Ok(Value::text(&digest))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Machine<'_> {
    fn json_value(&mut self, json: serde_json::Value) -> Result<Value> {
        Ok(match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => Value::Int(number),
                (None, Some(float)) if number.is_f64() => Value::Float(float),
                _ => {
                    let message = format!("invalid JSON: {number} does not fit into an integer");
                    return Err(Fault::evaluation(message));
                }
            },
            serde_json::Value::String(text) => Value::text(&text),
            serde_json::Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let value = self.json_value(item)?;
                    list.push(self.ready(value));
                }
                Value::List(list.into())
            }
            serde_json::Value::Object(members) => {
                let mut entries = Vec::with_capacity(members.len());
                for (name, value) in members {
                    let value = self.json_value(value)?;
                    entries.push(self.attr(&name, value));
                }
                Value::Attrs(Rc::new(Attrs::new(entries)))
            }
        })
    }

    fn toml_value(&mut self, toml: toml::Value) -> Result<Value> {
        Ok(match toml {
            toml::Value::String(text) => Value::text(&text),
            toml::Value::Integer(number) => Value::Int(number),
            toml::Value::Float(number) => Value::Float(number),
            toml::Value::Boolean(value) => Value::Bool(value),
            toml::Value::Datetime(_) => {
                return Err(Fault::evaluation(
                    "invalid TOML: dates and times are not supported",
                ));
            }
            toml::Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let value = self.toml_value(item)?;
                    list.push(self.ready(value));
                }
                Value::List(list.into())
            }
            toml::Value::Table(members) => {
                let mut entries = Vec::with_capacity(members.len());
                for (name, value) in members {
                    let value = self.toml_value(value)?;
                    entries.push(self.attr(&name, value));
                }
                Value::Attrs(Rc::new(Attrs::new(entries)))
            }
        })
    }
}
