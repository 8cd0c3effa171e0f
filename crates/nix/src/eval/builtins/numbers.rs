//! Builtins on numbers.

use crate::eval::expression::Operator;
use crate::eval::fault::{Fault, Result};
use crate::eval::machine::{Machine, expected};
use crate::eval::operators::arithmetic;
use crate::eval::value::{ThunkId, Value};

fn operate(machine: &mut Machine<'_>, operator: Operator, args: &[ThunkId]) -> Result<Value> {
    let left = machine.force(args[0])?;
    let right = machine.force(args[1])?;
    arithmetic(operator, &left, &right)
}

pub(super) fn add(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    operate(machine, Operator::Add, args)
}

pub(super) fn sub(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    operate(machine, Operator::Subtract, args)
}

pub(super) fn mul(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    operate(machine, Operator::Multiply, args)
}

pub(super) fn div(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    operate(machine, Operator::Divide, args)
}

pub(super) fn less_than(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let left = machine.force(args[0])?;
    let right = machine.force(args[1])?;
    Ok(Value::Bool(machine.less(&left, &right)?))
}

pub(super) fn bit_and(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    Ok(Value::Int(
        machine.force_int(args[0])? & machine.force_int(args[1])?,
    ))
}

pub(super) fn bit_or(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    Ok(Value::Int(
        machine.force_int(args[0])? | machine.force_int(args[1])?,
    ))
}

pub(super) fn bit_xor(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    Ok(Value::Int(
        machine.force_int(args[0])? ^ machine.force_int(args[1])?,
    ))
}

pub(super) fn ceil(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    round(machine, args, f64::ceil)
}

pub(super) fn floor(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    round(machine, args, f64::floor)
}

fn round(machine: &mut Machine<'_>, args: &[ThunkId], how: fn(f64) -> f64) -> Result<Value> {
    let number = match machine.force(args[0])? {
        Value::Int(number) => return Ok(Value::Int(number)),
        Value::Float(number) => how(number),
        other => return Err(expected("a number", &other)),
    };
    // 2^63 is the first float that no 64-bit integer holds.
    let bound = 9_223_372_036_854_775_808.0;
    if (-bound..bound).contains(&number) {
        return Ok(Value::Int(number as i64));
    }
    Err(Fault::evaluation(format!(
        "the float {number} does not fit into an integer"
    )))
}
