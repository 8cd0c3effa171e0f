//! What people call a key: the variables and attributes that hold it.
//!
//! Looks only at what the evaluation computed anyway, and at plain sets, lists
//! and references; nothing else is evaluated for a name.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::Rule;
use super::read::lines;
use crate::eval::{Kind, Machine, Symbol, ThunkId, Value};

/// How many attributes deep names may be.
const DEPTH: usize = 5;

/// How many values are looked at.
const VISITS: usize = 50_000;

/// Names of keys.
#[derive(Default)]
pub(super) struct Names(HashMap<String, Vec<Name>>);

struct Name {
    /// Elements of a list share its name, which is worse than an own one.
    of_list: bool,
    parts: usize,
    text: String,
}

impl Names {
    /// Gives every key its names, best first.
    pub(super) fn put_into(&self, rules: &mut [Rule]) {
        let mut known: HashMap<Arc<str>, Arc<[String]>> = HashMap::new();
        for key in rules.iter_mut().flat_map(|rule| &mut rule.public_keys) {
            let names = known
                .entry(Arc::clone(&key.text))
                .or_insert_with(|| self.of(&key.text));
            key.names = Arc::clone(names);
        }
    }

    fn of(&self, key: &str) -> Arc<[String]> {
        let Some(names) = self.0.get(key) else {
            return Arc::default();
        };
        let own = names.iter().any(|name| !name.of_list);
        let mut names: Vec<_> = names.iter().filter(|name| !own || !name.of_list).collect();
        names.sort_by_key(|name| name.parts);
        let mut seen = HashSet::new();
        let texts = names.into_iter().map(|name| name.text.clone());
        texts.filter(|text| seen.insert(text.clone())).collect()
    }
}

/// Looks at the variables of the user's files and at what they import.
pub(super) fn collect(machine: &mut Machine<'_>, rules: &Path) -> Names {
    let mut collector = Collector {
        machine,
        names: Names::default(),
        visits: VISITS,
    };
    collector.variables();
    collector.imports(rules);
    collector.names
}

struct Collector<'m, 'e> {
    machine: &'m mut Machine<'e>,
    names: Names,
    visits: usize,
}

impl Collector<'_, '_> {
    fn variables(&mut self) {
        let environments = std::mem::take(&mut self.machine.named);
        // The variables of a function that is called again and again name nothing.
        let mut uses: HashMap<*const _, u32> = HashMap::new();
        for (_, names) in &environments {
            *uses.entry(Rc::as_ptr(names)).or_default() += 1;
        }
        for (env, names) in &environments {
            if uses.get(&Rc::as_ptr(names)) != Some(&1) {
                continue;
            }
            for (slot, (name, _)) in (0..).zip(names.iter()) {
                let id = self.machine.slot(*env, 0, slot);
                self.visit(id, &mut vec![*name], false);
            }
        }
    }

    /// Sets that imported files consist of: `(import ./keys.nix).alice`.
    fn imports(&mut self, rules: &Path) {
        let machine = &*self.machine;
        let library = |path: &Path| {
            machine
                .libraries
                .iter()
                .any(|folder| path.starts_with(folder))
        };
        let imports = machine
            .imports
            .iter()
            .filter(|(path, _)| *path != rules && !library(path));
        let mut imports: Vec<_> = imports.map(|(path, id)| (path.clone(), *id)).collect();
        imports.sort_by(|left, right| left.0.cmp(&right.0));
        for (_, id) in imports {
            self.visit(id, &mut Vec::new(), false);
        }
    }

    fn visit(&mut self, id: ThunkId, path: &mut Vec<Symbol>, of_list: bool) {
        let Some(visits) = self.visits.checked_sub(1) else {
            return;
        };
        self.visits = visits;
        if path.len() > DEPTH {
            return;
        }
        match self.cheap(id, DEPTH) {
            Some(Value::String(text)) => self.note(&text, path, of_list),
            Some(Value::List(items)) => {
                for item in items.iter() {
                    if !of_list && !matches!(self.cheap(*item, DEPTH), Some(Value::Attrs(_))) {
                        self.visit(*item, path, true);
                    }
                }
            }
            Some(Value::Attrs(attrs)) => {
                let public_keys = self.machine.symbols.intern(b"publicKeys");
                let entries = attrs
                    .entries()
                    .iter()
                    .filter(|attr| attr.name != public_keys);
                for attr in entries {
                    path.push(attr.name);
                    self.visit(attr.value, path, of_list);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// The value, where it is there or costs nothing.
    fn cheap(&mut self, id: ThunkId, depth: usize) -> Option<Value> {
        if let Some(value) = self.machine.peek(id) {
            return Some(value.clone());
        }
        let expression = Rc::clone(self.machine.peek_delayed(id)?);
        let plain = match &expression.kind {
            Kind::Attrs(bindings) => bindings.dynamic.is_empty(),
            Kind::List(_) => true,
            Kind::Local { up, slot } if depth > 0 => {
                let target = self.machine.delayed_slot(id, *up, *slot)?;
                self.cheap(target, depth - 1).is_some()
            }
            _ => false,
        };
        if plain {
            self.machine.force(id).ok()
        } else {
            None
        }
    }

    fn note(&mut self, text: &[u8], path: &[Symbol], of_list: bool) {
        let (Ok(text), false) = (std::str::from_utf8(text), path.is_empty()) else {
            return;
        };
        let parts: Vec<_> = path.iter().map(|part| self.show(*part)).collect();
        let name = parts.join(".");
        for line in lines(text) {
            let known = self.names.0.entry(line.to_owned()).or_default();
            known.push(Name {
                of_list,
                parts: parts.len(),
                text: name.clone(),
            });
        }
    }

    /// One part of a path, quoted where Nix would need that.
    fn show(&self, part: Symbol) -> String {
        let text = self.machine.symbols.show(part);
        let plain =
            |character: char| character.is_ascii_alphanumeric() || "_-'".contains(character);
        let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if starts && text.chars().all(plain) {
            text
        } else {
            format!("\"{text}\"")
        }
    }
}
