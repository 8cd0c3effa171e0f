//! Builtins on lists.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::eval::fault::{Fault, Result};
use crate::eval::machine::{Machine, Thunk, as_bool};
use crate::eval::symbol::Symbol;
use crate::eval::value::{Attr, Attrs, ThunkId, Value};

pub(super) fn all(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let predicate = machine.force_function(args[0])?;
    for item in machine.force_list(args[1])?.iter() {
        if !machine.test(&predicate, *item)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

pub(super) fn any(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let predicate = machine.force_function(args[0])?;
    for item in machine.force_list(args[1])?.iter() {
        if machine.test(&predicate, *item)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn concat_lists(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let mut joined = Vec::new();
    for list in machine.force_list(args[0])?.iter() {
        let items = machine.force_list(*list)?;
        machine.spend(items.len())?;
        joined.extend_from_slice(&items);
    }
    Ok(Value::List(joined.into()))
}

pub(super) fn concat_map(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let function = machine.force_function(args[0])?;
    let mut joined = Vec::new();
    for item in machine.force_list(args[1])?.iter() {
        let result = machine.call(&function, *item)?;
        let result = machine.ready(result);
        let items = machine.force_list(result)?;
        machine.spend(items.len())?;
        joined.extend_from_slice(&items);
    }
    Ok(Value::List(joined.into()))
}

pub(super) fn elem(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    for item in machine.force_list(args[1])?.iter() {
        if machine.equal_thunks(args[0], *item)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn elem_at(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let list = machine.force_list(args[0])?;
    let index = machine.force_int(args[1])?;
    machine.element(&list, index)
}

pub(super) fn head(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    match machine.force_list(args[0])?.first() {
        Some(item) => machine.force(*item),
        None => Err(Fault::evaluation("`builtins.head` of an empty list")),
    }
}

pub(super) fn tail(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let list = machine.force_list(args[0])?;
    machine.spend(list.len())?;
    match list.split_first() {
        Some((_, rest)) => Ok(Value::List(rest.into())),
        None => Err(Fault::evaluation("`builtins.tail` of an empty list")),
    }
}

pub(super) fn length(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let list = machine.force_list(args[0])?;
    Ok(Value::Int(i64::try_from(list.len()).unwrap_or(i64::MAX)))
}

pub(super) fn filter(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let list = machine.force_list(args[1])?;
    if list.is_empty() {
        return Ok(Value::List(list));
    }
    let predicate = machine.force_function(args[0])?;
    let mut kept = Vec::new();
    for item in list.iter() {
        if machine.test(&predicate, *item)? {
            kept.push(*item);
        }
    }
    machine.spend(kept.len())?;
    Ok(Value::List(kept.into()))
}

pub(super) fn foldl(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let function = machine.force_function(args[0])?;
    let list = machine.force_list(args[2])?;
    let mut result = args[1];
    for item in list.iter() {
        let value = machine.call_two(&function, result, *item)?;
        result = machine.ready(value);
    }
    machine.force(result)
}

pub(super) fn gen_list(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let length = machine.force_int(args[1])?;
    let message = || Fault::evaluation(format!("cannot make a list of {length} elements"));
    let count = usize::try_from(length).map_err(|_| message())?;
    machine.spend(count)?;
    let items = (0..length).map(|index| {
        let argument = machine.ready(Value::Int(index));
        machine.allocate(Thunk::Apply {
            function: args[0],
            argument,
        })
    });
    Ok(Value::List(items.collect()))
}

pub(super) fn map(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let list = machine.force_list(args[1])?;
    machine.spend(list.len())?;
    let items = list.iter().map(|item| {
        machine.allocate(Thunk::Apply {
            function: args[0],
            argument: *item,
        })
    });
    Ok(Value::List(items.collect()))
}

pub(super) fn partition(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let predicate = machine.force_function(args[0])?;
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for item in machine.force_list(args[1])?.iter() {
        machine.force(*item)?;
        if machine.test(&predicate, *item)? {
            right.push(*item);
        } else {
            wrong.push(*item);
        }
    }
    let lists = [
        ("right", Value::List(right.into())),
        ("wrong", Value::List(wrong.into())),
    ];
    Ok(machine.small_set(lists))
}

pub(super) fn group_by(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let function = machine.force_function(args[0])?;
    let mut groups: BTreeMap<Symbol, Vec<ThunkId>> = BTreeMap::new();
    for item in machine.force_list(args[1])?.iter() {
        let name = machine.call(&function, *item)?;
        let name = machine.ready(name);
        let name = machine.force_name(name)?;
        groups.entry(name).or_default().push(*item);
    }
    let entries = groups.into_iter().map(|(name, items)| {
        let value = machine.ready(Value::List(items.into()));
        Attr {
            name,
            value,
            at: crate::eval::expression::At::NOWHERE,
        }
    });
    let entries = entries.collect();
    Ok(Value::Attrs(Rc::new(Attrs::new(entries))))
}

/// Stable, by a comparison that may be any function.
pub(super) fn sort(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let list = machine.force_list(args[1])?;
    if list.is_empty() {
        return Ok(Value::List(list));
    }
    let less = machine.force_function(args[0])?;
    for item in list.iter() {
        machine.force(*item)?;
    }
    let sorted = merge_sort(list.to_vec(), &mut |left, right| {
        let result = machine.call_two(&less, left, right)?;
        as_bool(&result)
    })?;
    Ok(Value::List(sorted.into()))
}

fn merge_sort(
    mut items: Vec<ThunkId>,
    less: &mut dyn FnMut(ThunkId, ThunkId) -> Result<bool>,
) -> Result<Vec<ThunkId>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let left = merge_sort(items, less)?;
    let right = merge_sort(right, less)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let take_right = less(*second, *first)?;
        merged.extend(if take_right {
            right.next()
        } else {
            left.next()
        });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

/// Everything reachable from `startSet` by `operator`, each `key` once.
pub(super) fn generic_closure(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let arguments = machine.force_attrs(args[0])?;
    let start = machine.argument(&arguments, "startSet")?;
    let start = machine.force_list(start)?;
    if start.is_empty() {
        return Ok(Value::List(start));
    }
    let operator = machine.argument(&arguments, "operator")?;
    let operator = machine.force_function(operator)?;
    let mut queue: std::collections::VecDeque<_> = start.iter().copied().collect();
    let mut keys: Vec<Value> = Vec::new();
    let mut found = Vec::new();
    while let Some(item) = queue.pop_front() {
        let attrs = machine.force_attrs(item)?;
        let key = machine.argument(&attrs, "key")?;
        let key = machine.force(key)?;
        if !machine.insert_sorted(&mut keys, key)? {
            continue;
        }
        found.push(item);
        let more = machine.call(&operator, item)?;
        let more = machine.ready(more);
        let more = machine.force_list(more)?;
        machine.spend(more.len())?;
        queue.extend(more.iter());
    }
    Ok(Value::List(found.into()))
}

impl Machine<'_> {
    /// Evaluates to something that can be called.
    pub(crate) fn force_function(&mut self, id: ThunkId) -> Result<Value> {
        let value = self.force(id)?;
        let callable = match &value {
            Value::Lambda(..) | Value::Builtin(_) | Value::Partial(_) => true,
            Value::Attrs(attrs) => {
                let name = self.symbols.intern(b"__functor");
                attrs.get(name).is_some()
            }
            _ => false,
        };
        if callable {
            return Ok(value);
        }
        Err(crate::eval::machine::expected("a function", &value))
    }

    fn test(&mut self, predicate: &Value, item: ThunkId) -> Result<bool> {
        let result = self.call(predicate, item)?;
        as_bool(&result)
    }

    fn element(&mut self, list: &[ThunkId], index: i64) -> Result<Value> {
        let found = usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index));
        match found {
            Some(item) => self.force(*item),
            None => {
                let length = list.len();
                let message = format!("index {index} is out of range of a list of {length}");
                Err(Fault::evaluation(message))
            }
        }
    }

    /// Adds a key to a sorted list, unless it is there.
    fn insert_sorted(&mut self, keys: &mut Vec<Value>, key: Value) -> Result<bool> {
        let (mut low, mut high) = (0, keys.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.less(&keys[middle], &key)? {
                low = middle + 1;
            } else if self.less(&key, &keys[middle])? {
                high = middle;
            } else {
                return Ok(false);
            }
        }
        self.spend(keys.len() / 64)?;
        keys.insert(low, key);
        Ok(true)
    }
}
