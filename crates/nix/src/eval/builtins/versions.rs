//! Builtins on version numbers and package names.

use std::cmp::Ordering;

use crate::eval::fault::Result;
use crate::eval::machine::Machine;
use crate::eval::value::{ThunkId, Value};

pub(super) fn compare_versions(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let left = machine.force_string(args[0])?;
    let right = machine.force_string(args[1])?;
    Ok(Value::Int(match compare(&left, &right) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

pub(super) fn split_version(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let version = machine.force_string(args[0])?;
    let parts = Components(&version).map(|part| machine.ready(Value::String(part.into())));
    Ok(Value::List(parts.collect()))
}

pub(super) fn parse_drv_name(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let text = machine.force_string(args[0])?;
    // The version starts behind the first dash that no letter follows.
    let dash = text
        .windows(2)
        .position(|pair| pair[0] == b'-' && !pair[1].is_ascii_alphabetic());
    let (name, version) = match dash {
        Some(dash) => (&text[..dash], &text[dash + 1..]),
        None => (&*text, &[][..]),
    };
    Ok(machine.small_set([
        ("name", Value::String(name.into())),
        ("version", Value::String(version.into())),
    ]))
}

/// Runs of digits and runs of anything else, between dots and dashes.
struct Components<'t>(&'t [u8]);

impl<'t> Iterator for Components<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let separators = self
            .0
            .iter()
            .take_while(|byte| b".-".contains(byte))
            .count();
        let rest = &self.0[separators..];
        let digits = rest.first()?.is_ascii_digit();
        let same = |byte: &&u8| {
            if digits {
                byte.is_ascii_digit()
            } else {
                !byte.is_ascii_digit() && !b".-".contains(byte)
            }
        };
        let (component, rest) = rest.split_at(rest.iter().take_while(same).count());
        self.0 = rest;
        Some(component)
    }
}

fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (Components(left), Components(right));
    loop {
        let (first, second) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (first, second) => (first.unwrap_or_default(), second.unwrap_or_default()),
        };
        if component_less(first, second) {
            return Ordering::Less;
        }
        if component_less(second, first) {
            return Ordering::Greater;
        }
    }
}

fn component_less(left: &[u8], right: &[u8]) -> bool {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<i32>().ok();
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left < right,
        (_, Some(_)) if left.is_empty() => true,
        _ if left == b"pre" && right != b"pre" => true,
        _ if right == b"pre" => false,
        (_, Some(_)) => true,
        (Some(_), _) => false,
        _ => left < right,
    }
}
