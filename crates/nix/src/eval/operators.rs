//! Arithmetic, comparison, `//`, `++` and `+`.

use std::cmp::Ordering;
use std::rc::Rc;

use super::coerce::Coercion;
use super::expression::{Expr, Operator};
use super::fault::{Fault, Result};
use super::machine::{Machine, expected};
use super::paths;
use super::value::{Attrs, EnvId, ThunkId, Value};

impl Machine<'_> {
    pub(crate) fn binary(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        env: EnvId,
    ) -> Result<Value> {
        let (left_at, right_at) = (left.at, right.at);
        let left = self.evaluate(left, env)?;
        let right = match operator {
            // These look at the left side before they evaluate the right one.
            Operator::Update if !matches!(left, Value::Attrs(_)) => {
                return Err(expected("a set", &left).or_at(left_at));
            }
            Operator::Concat if !matches!(left, Value::List(_)) => {
                return Err(expected("a list", &left).or_at(left_at));
            }
            _ => self.evaluate(right, env)?,
        };
        match operator {
            Operator::Add => self.add(&left, &right),
            Operator::Subtract | Operator::Multiply | Operator::Divide => {
                arithmetic(operator, &left, &right)
            }
            Operator::Equal => Ok(Value::Bool(self.equal(&left, &right)?)),
            Operator::NotEqual => Ok(Value::Bool(!self.equal(&left, &right)?)),
            Operator::Less => Ok(Value::Bool(self.less(&left, &right)?)),
            Operator::LessOrEqual => Ok(Value::Bool(!self.less(&right, &left)?)),
            Operator::More => Ok(Value::Bool(self.less(&right, &left)?)),
            Operator::MoreOrEqual => Ok(Value::Bool(!self.less(&left, &right)?)),
            Operator::Update => match (&left, &right) {
                (Value::Attrs(left), Value::Attrs(right)) => self.update(left, right),
                _ => Err(expected("a set", &right).or_at(right_at)),
            },
            Operator::Concat => match (&left, &right) {
                (Value::List(left), Value::List(right)) => self.concat(left, right),
                _ => Err(expected("a list", &right).or_at(right_at)),
            },
        }
    }

    pub(crate) fn update(&mut self, left: &Rc<Attrs>, right: &Rc<Attrs>) -> Result<Value> {
        if right.entries().is_empty() && right.open.is_none() {
            return Ok(Value::Attrs(Rc::clone(left)));
        }
        if left.entries().is_empty() && left.open.is_none() {
            return Ok(Value::Attrs(Rc::clone(right)));
        }
        self.spend(left.entries().len() + right.entries().len())?;
        Ok(Value::Attrs(Rc::new(left.update(right))))
    }

    fn concat(&mut self, left: &Rc<[ThunkId]>, right: &Rc<[ThunkId]>) -> Result<Value> {
        if right.is_empty() {
            return Ok(Value::List(Rc::clone(left)));
        }
        self.spend(left.len() + right.len())?;
        Ok(Value::List(
            left.iter().chain(right.iter()).copied().collect(),
        ))
    }

    /// `0 - operand`
    pub(crate) fn negate(&mut self, operand: &Expr, env: EnvId) -> Result<Value> {
        let value = self.evaluate(operand, env)?;
        arithmetic(Operator::Subtract, &Value::Int(0), &value)
    }

    /// `+`: numbers, strings, or whatever can be added to a path or a string.
    pub(crate) fn add(&mut self, left: &Value, right: &Value) -> Result<Value> {
        match (left, right) {
            (Value::Int(_) | Value::Float(_), _) => arithmetic(Operator::Add, left, right),
            (Value::Path(path), _) => {
                let more = self.coerce(right, Coercion::PATH)?;
                let text = [&**path, &*more].concat();
                Ok(Value::Path(paths::canonical(&text).into()))
            }
            _ => {
                let left = self.coerce(left, Coercion::INTERPOLATE)?;
                let right = self.coerce(right, Coercion::INTERPOLATE)?;
                self.spend((left.len() + right.len()) / 4)?;
                Ok(Value::String([&*left, &*right].concat().into()))
            }
        }
    }

    /// `==`: deep, functions are never equal.
    pub(crate) fn equal(&mut self, left: &Value, right: &Value) -> Result<bool> {
        self.spend(1)?;
        Ok(match (left, right) {
            (Value::Int(left), Value::Float(right)) => *left as f64 == *right,
            (Value::Float(left), Value::Int(right)) => *left == *right as f64,
            (Value::Int(left), Value::Int(right)) => left == right,
            (Value::Float(left), Value::Float(right)) => left == right,
            (Value::Null, Value::Null) => true,
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::String(left), Value::String(right))
            | (Value::Path(left), Value::Path(right)) => left == right,
            (Value::List(left), Value::List(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (left, right) in left.iter().zip(right.iter()) {
                    if !self.equal_thunks(*left, *right)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Value::Attrs(left), Value::Attrs(right)) => self.equal_attrs(left, right)?,
            _ => false,
        })
    }

    /// Elements that are the same thunk are equal without a look, even functions.
    pub(crate) fn equal_thunks(&mut self, left: ThunkId, right: ThunkId) -> Result<bool> {
        let first = self.force(left)?;
        let second = self.force(right)?;
        if left == right {
            return Ok(true);
        }
        self.deeper(|machine| machine.equal(&first, &second))
    }

    fn equal_attrs(&mut self, left: &Attrs, right: &Attrs) -> Result<bool> {
        if let (Some(left), Some(right)) = (self.out_path(left)?, self.out_path(right)?) {
            return self.equal_thunks(left, right);
        }
        self.whole(left)?;
        self.whole(right)?;
        let (left, right) = (left.entries(), right.entries());
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.iter().zip(right) {
            if left.name != right.name || !self.equal_thunks(left.value, right.value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Derivations are compared by their output path alone.
    fn out_path(&mut self, attrs: &Attrs) -> Result<Option<ThunkId>> {
        let (kind, path) = (
            self.symbols.intern(b"type"),
            self.symbols.intern(b"outPath"),
        );
        let (Some(kind), Some(path)) = (attrs.get(kind), attrs.get(path)) else {
            return Ok(None);
        };
        let kind = self.force(kind.value)?;
        let derivation = matches!(kind, Value::String(text) if &*text == b"derivation");
        Ok(derivation.then_some(path.value))
    }

    /// `left < right`
    pub(crate) fn less(&mut self, left: &Value, right: &Value) -> Result<bool> {
        self.spend(1)?;
        match (left, right) {
            (Value::Int(left), Value::Int(right)) => Ok(left < right),
            (Value::Int(left), Value::Float(right)) => Ok((*left as f64) < *right),
            (Value::Float(left), Value::Int(right)) => Ok(*left < *right as f64),
            (Value::Float(left), Value::Float(right)) => Ok(left < right),
            (Value::String(left), Value::String(right))
            | (Value::Path(left), Value::Path(right)) => Ok(left.cmp(right) == Ordering::Less),
            (Value::List(left), Value::List(right)) => self.less_lists(left, right),
            _ => {
                let (left, right) = (left.kind(), right.kind());
                Err(Fault::evaluation(format!(
                    "cannot compare {left} with {right}"
                )))
            }
        }
    }

    fn less_lists(&mut self, left: &[ThunkId], right: &[ThunkId]) -> Result<bool> {
        for (first, second) in left.iter().zip(right) {
            if !self.equal_thunks(*first, *second)? {
                let (first, second) = (self.force(*first)?, self.force(*second)?);
                return self.deeper(|machine| machine.less(&first, &second));
            }
        }
        Ok(left.len() < right.len())
    }
}

/// Numbers only; integers that do not fit are an error, as in Nix since 2.25.
pub(crate) fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Result<Value> {
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        return integers(operator, *left, *right);
    }
    let (left, right) = (as_float(left)?, as_float(right)?);
    Ok(Value::Float(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        _ if right == 0.0 => return Err(Fault::evaluation("division by zero")),
        _ => left / right,
    }))
}

fn integers(operator: Operator, left: i64, right: i64) -> Result<Value> {
    let (result, sign) = match operator {
        Operator::Add => (left.checked_add(right), '+'),
        Operator::Subtract => (left.checked_sub(right), '-'),
        Operator::Multiply => (left.checked_mul(right), '*'),
        _ if right == 0 => return Err(Fault::evaluation("division by zero")),
        _ => (left.checked_div(right), '/'),
    };
    let message = || Fault::evaluation(format!("integer overflow in {left} {sign} {right}"));
    result.map(Value::Int).ok_or_else(message)
}

fn as_float(value: &Value) -> Result<f64> {
    match value {
        Value::Int(number) => Ok(*number as f64),
        Value::Float(number) => Ok(*number),
        other => Err(expected("a number", other)),
    }
}
