//! Builtins that tell what a value is.

use std::rc::Rc;

use crate::eval::expression::Parameter;
use crate::eval::fault::Result;
use crate::eval::machine::{Machine, expected};
use crate::eval::value::{Attr, Attrs, ThunkId, Value};

macro_rules! tests {
    ($($name:ident: $pattern:pat,)*) => {
        $(pub(super) fn $name(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
            let value = machine.force(args[0])?;
            Ok(Value::Bool(matches!(value, $pattern)))
        })*
    };
}

tests! {
    is_attrs: Value::Attrs(_),
    is_bool: Value::Bool(_),
    is_float: Value::Float(_),
    is_function: Value::Lambda(..) | Value::Builtin(_) | Value::Partial(_),
    is_int: Value::Int(_),
    is_list: Value::List(_),
    is_null: Value::Null,
    is_path: Value::Path(_),
    is_string: Value::String(_),
}

pub(super) fn type_of(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    Ok(Value::text(match machine.force(args[0])? {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::String(_) => "string",
        Value::Path(_) => "path",
        Value::List(_) => "list",
        Value::Attrs(_) => "set",
        Value::Lambda(..) | Value::Builtin(_) | Value::Partial(_) => "lambda",
    }))
}

pub(super) fn function_args(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let lambda = match machine.force(args[0])? {
        Value::Lambda(lambda, _) => lambda,
        Value::Builtin(_) | Value::Partial(_) => return Ok(machine.small_set([])),
        other => return Err(expected("a function", &other)),
    };
    let Parameter::Pattern { formals, .. } = &lambda.parameter else {
        return Ok(machine.small_set([]));
    };
    let entries = formals.iter().map(|formal| {
        let value = machine.ready(Value::Bool(formal.default.is_some()));
        Attr {
            name: formal.name,
            value,
            at: formal.at,
        }
    });
    let entries = entries.collect();
    Ok(Value::Attrs(Rc::new(Attrs::new(entries))))
}
