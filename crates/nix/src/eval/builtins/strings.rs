//! Builtins on strings. Strings are bytes, as in Nix; contexts are always empty.

use crate::eval::coerce::Coercion;
use crate::eval::fault::{Fault, Result};
use crate::eval::machine::Machine;
use crate::eval::value::{Text, ThunkId, Value};

pub(super) fn to_string(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let value = machine.force(args[0])?;
    Ok(Value::String(machine.coerce(&value, Coercion::EVERYTHING)?))
}

pub(super) fn same_text(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    Ok(Value::String(machine.coerce_thunk(args[0])?))
}

pub(super) fn has_context(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    machine.force_string(args[0])?;
    Ok(Value::Bool(false))
}

pub(super) fn get_context(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    machine.force_string(args[0])?;
    Ok(machine.small_set([]))
}

pub(super) fn string_length(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let text = machine.coerce_thunk(args[0])?;
    Ok(Value::Int(i64::try_from(text.len()).unwrap_or(i64::MAX)))
}

pub(super) fn substring(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let start = machine.force_int(args[0])?;
    let length = machine.force_int(args[1])?;
    let text = machine.coerce_thunk(args[2])?;
    let message = || Fault::evaluation("negative start position in `builtins.substring`");
    let start = usize::try_from(start)
        .map_err(|_| message())?
        .min(text.len());
    let rest = text.get(start..).unwrap_or_default();
    // A negative length means everything.
    let length = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .min(rest.len());
    let part = rest.get(..length).unwrap_or_default();
    machine.spend(part.len() / 4)?;
    Ok(Value::String(part.into()))
}

pub(super) fn concat_strings_sep(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let separator = machine.force_string(args[0])?;
    let mut joined = Vec::new();
    for (index, item) in machine.force_list(args[1])?.iter().enumerate() {
        if index > 0 {
            joined.extend_from_slice(&separator);
        }
        joined.extend_from_slice(&machine.coerce_thunk(*item)?);
        machine.spend(separator.len() / 4)?;
    }
    machine.spend(joined.len() / 4)?;
    Ok(Value::String(joined.into()))
}

pub(super) fn replace_strings(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let from = machine.force_list(args[0])?;
    let to = machine.force_list(args[1])?;
    if from.len() != to.len() {
        let message = "`builtins.replaceStrings` needs two lists of the same length";
        return Err(Fault::evaluation(message));
    }
    let from: Vec<Text> = from
        .iter()
        .map(|item| machine.force_string(*item))
        .collect::<Result<_>>()?;
    let to: Vec<Text> = to
        .iter()
        .map(|item| machine.force_string(*item))
        .collect::<Result<_>>()?;
    let text = machine.force_string(args[2])?;
    let mut replaced = Vec::with_capacity(text.len());
    let mut position = 0;
    while position <= text.len() {
        machine.spend(1 + from.len() / 4)?;
        let rest = text.get(position..).unwrap_or_default();
        let found = from.iter().position(|pattern| rest.starts_with(pattern));
        let (pattern, replacement): (&[u8], &[u8]) = match found {
            Some(index) => (&from[index], &to[index]),
            None => (&[], &[]),
        };
        replaced.extend_from_slice(replacement);
        machine.spend(replacement.len() / 4)?;
        if pattern.is_empty() {
            // No pattern, or an empty one, which matches before every byte.
            replaced.extend(rest.first());
            position += 1;
        } else {
            position += pattern.len();
        }
    }
    Ok(Value::String(replaced.into()))
}

impl Machine<'_> {
    /// A string, or what turns into one as in an interpolation.
    pub(crate) fn coerce_thunk(&mut self, id: ThunkId) -> Result<Text> {
        let value = self.force(id)?;
        self.coerce(&value, Coercion::INTERPOLATE)
    }
}
