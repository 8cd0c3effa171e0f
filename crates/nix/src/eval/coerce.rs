//! Turning values into strings, as interpolation, `toString` and many builtins
//! do.

use super::fault::{Fault, Result};
use super::machine::Machine;
use super::value::{Attrs, Text, Value};

/// What may become a string.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coercion {
    /// Numbers, Booleans, null and lists as well.
    any: bool,
    /// A path would be copied to the store, which happens here never.
    store: bool,
}

impl Coercion {
    /// `"${value}"`
    pub(crate) const INTERPOLATE: Self = Self {
        any: false,
        store: true,
    };
    /// What is added to a path.
    pub(crate) const PATH: Self = Self {
        any: false,
        store: false,
    };
    /// `toString value`
    pub(crate) const EVERYTHING: Self = Self {
        any: true,
        store: false,
    };
}

impl Machine<'_> {
    pub(crate) fn coerce(&mut self, value: &Value, how: Coercion) -> Result<Text> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Path(path) if how.store => {
                let path = String::from_utf8_lossy(path);
                Err(
                    Fault::unsupported(format!("copying '{path}' to the Nix store"))
                        .hint("use `toString` or `builtins.readFile` if its path or text is meant"),
                )
            }
            Value::Path(path) => Ok(path.clone()),
            Value::Attrs(attrs) => self.coerce_attrs(attrs, value, how),
            Value::Null if how.any => Ok(Text::default()),
            Value::Bool(true) if how.any => Ok(b"1".as_slice().into()),
            Value::Bool(false) if how.any => Ok(Text::default()),
            Value::Int(number) if how.any => Ok(number.to_string().into_bytes().into()),
            Value::Float(number) if how.any => Ok(format!("{number:.6}").into_bytes().into()),
            Value::List(items) if how.any => {
                let mut text = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let item = self.force(*item)?;
                    let more = self.deeper(|machine| machine.coerce(&item, how))?;
                    text.extend_from_slice(&more);
                    // Nix puts no space behind an empty list.
                    let empty = matches!(&item, Value::List(inner) if inner.is_empty());
                    if index + 1 < items.len() && !empty {
                        text.push(b' ');
                    }
                }
                self.spend(text.len() / 4)?;
                Ok(text.into())
            }
            other => Err(Fault::evaluation(format!(
                "cannot turn {} into a string",
                other.kind()
            ))),
        }
    }

    fn coerce_attrs(&mut self, attrs: &Attrs, whole: &Value, how: Coercion) -> Result<Text> {
        let name = self.symbols.intern(b"__toString");
        if let Some(function) = attrs.get(name).map(|attr| attr.value) {
            let function = self.force(function)?;
            let whole = self.ready(whole.clone());
            return self.deeper(|machine| {
                let value = machine.call(&function, whole)?;
                machine.coerce(&value, how)
            });
        }
        let name = self.symbols.intern(b"outPath");
        if let Some(path) = attrs.get(name).map(|attr| attr.value) {
            let value = self.force(path)?;
            return self.deeper(|machine| machine.coerce(&value, how));
        }
        Err(Fault::evaluation("cannot turn a set into a string"))
    }
}
