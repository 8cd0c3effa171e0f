//! Builtins on attribute sets.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use crate::eval::fault::{Fault, Result};
use crate::eval::machine::{Machine, Thunk};
use crate::eval::symbol::Symbol;
use crate::eval::value::{Attr, Attrs, ThunkId, Value};

pub(super) fn attr_names(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let attrs = machine.force_attrs(args[0])?;
    let sorted = machine.sorted(&attrs)?;
    Ok(Value::List(
        sorted
            .iter()
            .map(|attr| machine.name_thunk(attr.name))
            .collect(),
    ))
}

pub(super) fn attr_values(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let attrs = machine.force_attrs(args[0])?;
    let sorted = machine.sorted(&attrs)?;
    machine.spend(sorted.len())?;
    Ok(Value::List(sorted.iter().map(|attr| attr.value).collect()))
}

pub(super) fn get_attr(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let name = machine.force_name(args[0])?;
    let attrs = machine.force_attrs(args[1])?;
    machine.member(&attrs, name)
}

pub(super) fn has_attr(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let name = machine.force_name(args[0])?;
    let attrs = machine.force_attrs(args[1])?;
    Ok(Value::Bool(machine.lookup(&attrs, name)?.is_some()))
}

pub(super) fn remove_attrs(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let attrs = machine.force_attrs(args[0])?;
    let mut names = HashSet::new();
    for name in machine.force_list(args[1])?.iter() {
        names.insert(machine.force_name(*name)?);
    }
    machine.whole(&attrs)?;
    machine.spend(attrs.entries().len())?;
    let kept = attrs
        .entries()
        .iter()
        .filter(|attr| !names.contains(&attr.name));
    Ok(Value::Attrs(Rc::new(Attrs::new(kept.copied().collect()))))
}

pub(super) fn intersect_attrs(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let left = machine.force_attrs(args[0])?;
    let right = machine.force_attrs(args[1])?;
    machine.whole(&left)?;
    machine.whole(&right)?;
    machine.spend(right.entries().len())?;
    let kept = right
        .entries()
        .iter()
        .filter(|attr| left.get(attr.name).is_some());
    Ok(Value::Attrs(Rc::new(Attrs::new(kept.copied().collect()))))
}

pub(super) fn cat_attrs(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let name = machine.force_name(args[0])?;
    let mut found = Vec::new();
    for set in machine.force_list(args[1])?.iter() {
        let attrs = machine.force_attrs(*set)?;
        found.extend(machine.lookup(&attrs, name)?);
    }
    machine.spend(found.len())?;
    Ok(Value::List(found.into()))
}

pub(super) fn list_to_attrs(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let (name_key, value_key) = (
        machine.symbols.intern(b"name"),
        machine.symbols.intern(b"value"),
    );
    let (mut entries, mut seen) = (Vec::new(), HashSet::new());
    for item in machine.force_list(args[0])?.iter() {
        let attrs = machine.force_attrs(*item)?;
        let name = match machine.lookup(&attrs, name_key)? {
            Some(name) => machine.force_name(name)?,
            None => return Err(machine.missing(&attrs, name_key)),
        };
        // Of equal names the first counts, and the others need no value.
        if !seen.insert(name) {
            continue;
        }
        match attrs.get(value_key) {
            Some(attr) => entries.push(Attr { name, ..*attr }),
            None => return Err(machine.missing(&attrs, value_key)),
        }
    }
    machine.spend(entries.len())?;
    Ok(Value::Attrs(Rc::new(Attrs::new(entries))))
}

pub(super) fn map_attrs(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let attrs = machine.force_attrs(args[1])?;
    machine.whole(&attrs)?;
    machine.spend(attrs.entries().len())?;
    let mapped = attrs.entries().iter().map(|attr| {
        let name = machine.name_thunk(attr.name);
        let arguments = (name, attr.value);
        Attr {
            value: machine.allocate(Thunk::ApplyTwo {
                function: args[0],
                arguments,
            }),
            ..*attr
        }
    });
    let mapped = mapped.collect();
    Ok(Value::Attrs(Rc::new(Attrs::new(mapped))))
}

pub(super) fn zip_attrs_with(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    machine.force_function(args[0])?;
    let mut collected: BTreeMap<Symbol, (Attr, Vec<ThunkId>)> = BTreeMap::new();
    for set in machine.force_list(args[1])?.iter() {
        let attrs = machine.force_attrs(*set)?;
        machine.whole(&attrs)?;
        machine.spend(attrs.entries().len())?;
        for attr in attrs.entries() {
            collected
                .entry(attr.name)
                .or_insert((*attr, Vec::new()))
                .1
                .push(attr.value);
        }
    }
    let zipped = collected.into_values().map(|(attr, values)| {
        let arguments = (
            machine.name_thunk(attr.name),
            machine.ready(Value::List(values.into())),
        );
        Attr {
            value: machine.allocate(Thunk::ApplyTwo {
                function: args[0],
                arguments,
            }),
            ..attr
        }
    });
    let zipped = zipped.collect();
    Ok(Value::Attrs(Rc::new(Attrs::new(zipped))))
}

pub(super) fn unsafe_get_attr_pos(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let name = machine.force_name(args[0])?;
    let attrs = machine.force_attrs(args[1])?;
    match attrs.get(name) {
        Some(attr) => Ok(machine.position_set(attr.at)),
        None => Ok(Value::Null),
    }
}

impl Machine<'_> {
    /// A string that is used as the name of an attribute.
    pub(crate) fn force_name(&mut self, id: ThunkId) -> Result<Symbol> {
        let text = self.force_string(id)?;
        Ok(self.symbols.intern(&text))
    }

    /// A name as a string value.
    pub(crate) fn name_thunk(&mut self, name: Symbol) -> ThunkId {
        let text = Rc::clone(self.symbols.text(name));
        self.ready(Value::String(text))
    }

    /// An attribute that a builtin's argument must have.
    pub(crate) fn argument(&mut self, attrs: &Attrs, name: &str) -> Result<ThunkId> {
        let symbol = self.symbols.intern(name.as_bytes());
        let message = || Fault::evaluation(format!("attribute '{name}' is missing"));
        self.lookup(attrs, symbol)?.ok_or_else(message)
    }
}
