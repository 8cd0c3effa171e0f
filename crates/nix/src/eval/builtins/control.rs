//! Builtins that steer the evaluation: forcing, failing, catching, tracing.

use std::collections::HashSet;

use crate::eval::coerce::Coercion;
use crate::eval::fault::{Fault, FaultKind, Result};
use crate::eval::machine::Machine;
use crate::eval::value::{ThunkId, Value};

/// Traces beyond this many are dropped.
const TRACES: usize = 1000;

pub(super) fn abort(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let message = machine.message(args[0])?;
    Err(Fault::evaluation(format!("evaluation aborted: {message}")))
}

pub(super) fn throw(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let message = machine.message(args[0])?;
    Err(Fault::new(FaultKind::Catchable, message))
}

pub(super) fn add_error_context(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let fault = match machine.force(args[1]) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    match machine.message(args[0]) {
        Ok(message) => Err(fault.hint(message)),
        Err(_) => Err(fault),
    }
}

pub(super) fn same(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    machine.force(args[0])
}

pub(super) fn second(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    machine.force(args[1])
}

pub(super) fn seq(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    machine.force(args[0])?;
    machine.force(args[1])
}

pub(super) fn deep_seq(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    machine.force_deep(args[0], &mut HashSet::new())?;
    machine.force(args[1])
}

pub(super) fn try_eval(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let (success, value) = match machine.force(args[0]) {
        Ok(value) => (true, value),
        Err(fault) if fault.kind == FaultKind::Catchable => (false, Value::Bool(false)),
        Err(fault) => return Err(fault),
    };
    Ok(machine.small_set([("success", Value::Bool(success)), ("value", value)]))
}

pub(super) fn trace(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let message = match machine.force(args[0])? {
        Value::String(text) => String::from_utf8_lossy(&text).into_owned(),
        other => machine.show(&other),
    };
    machine.note_trace(message);
    machine.force(args[1])
}

pub(super) fn warn(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let message = machine.message(args[0])?;
    machine.note_trace(format!("warning: {message}"));
    machine.force(args[1])
}

impl Machine<'_> {
    fn message(&mut self, id: ThunkId) -> Result<String> {
        let value = self.force(id)?;
        let text = self.coerce(&value, Coercion::PATH)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn note_trace(&mut self, message: String) {
        if self.traces.len() < TRACES {
            self.traces.push(message);
        }
    }

    /// Evaluates everything inside, once.
    fn force_deep(&mut self, id: ThunkId, seen: &mut HashSet<u32>) -> Result<()> {
        if !seen.insert(id.0) {
            return Ok(());
        }
        let inner: Vec<_> = match self.force(id)? {
            Value::List(items) => items.to_vec(),
            Value::Attrs(attrs) => self
                .sorted(&attrs)?
                .into_iter()
                .map(|attr| attr.value)
                .collect(),
            _ => return Ok(()),
        };
        self.spend(inner.len())?;
        for id in inner {
            self.deeper(|machine| machine.force_deep(id, seen))?;
        }
        Ok(())
    }

    /// A value in one line, without evaluating more of it.
    fn show(&self, value: &Value) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::String(text) | Value::Path(text) => String::from_utf8_lossy(text).into_owned(),
            Value::List(items) => format!("[ {} elements ]", items.len()),
            Value::Attrs(attrs) => {
                let names = attrs
                    .entries()
                    .iter()
                    .map(|attr| self.symbols.show(attr.name));
                let mut names: Vec<_> = names.take(20).collect();
                names.sort_unstable();
                format!("{{ {} }}", names.join(" "))
            }
            Value::Lambda(..) | Value::Builtin(_) | Value::Partial(_) => "<LAMBDA>".to_owned(),
        }
    }
}
