//! The state of one evaluation: thunks and environments by number, loaded
//! files, and the budget that hostile input runs into.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use nixseal_base::diag::{Diagnostic, Source};
use nixseal_base::env::Environment;
use nixseal_base::span::Span;

use super::NixError;
use super::builtins::Patterns;
use super::expression::{At, Bindings, Expr, Names};
use super::fault::{Fault, FaultKind, Result};
use super::past::PastFiles;
use super::symbol::{Symbol, Symbols};
use super::value::{Attrs, EnvId, Text, ThunkId, Value};

/// Nested evaluations; Nix's own default for calls is 10,000, each of which is
/// a few of ours.
const DEPTH: u32 = 40_000;

/// Units of work: evaluations, list elements, blocks of text; a second or two.
const WORK: u64 = 30_000_000;

/// What a thunk number stands for.
pub(crate) enum Thunk {
    Ready(Value),
    Delayed {
        expression: Rc<Expr>,
        env: EnvId,
    },
    Apply {
        function: ThunkId,
        argument: ThunkId,
    },
    /// A function of two arguments, as `mapAttrs` and its like take.
    ApplyTwo {
        function: ThunkId,
        arguments: (ThunkId, ThunkId),
    },
    Select {
        base: ThunkId,
        name: Symbol,
        at: At,
    },
    Import(PathBuf),
    /// Being evaluated: meeting it again is an infinite recursion.
    Busy,
}

/// An environment: a run of slots and the one around it.
#[derive(Clone, Copy)]
struct Env {
    parent: EnvId,
    start: u32,
}

/// A loaded file.
pub(crate) struct Loaded {
    pub(crate) source: Arc<Source>,
    /// Whether it came through the search path, as nixpkgs does.
    pub(crate) library: bool,
    /// Where it is.
    pub(crate) folder: PathBuf,
}

/// One evaluation.
pub(crate) struct Machine<'e> {
    pub(crate) environment: &'e Environment,
    /// Read instead of the disk, where they are given.
    pub(crate) files: Option<&'e dyn PastFiles>,
    pub(crate) symbols: Symbols,
    pub(crate) sources: Vec<Loaded>,
    pub(crate) imports: HashMap<PathBuf, ThunkId>,
    /// Folder that shown paths are relative to, where the user typed such a path.
    pub(crate) shown_from: Option<PathBuf>,
    /// What `builtins.trace` printed.
    pub(crate) traces: Vec<String>,
    /// `let` environments of the user's files with their names.
    pub(crate) named: Vec<(EnvId, Names)>,
    pub(crate) builtins: Option<Value>,
    pub(crate) patterns: Patterns,
    /// Folders of libraries, found through the search path.
    pub(crate) libraries: Vec<PathBuf>,
    thunks: Vec<Thunk>,
    envs: Vec<Env>,
    slots: Vec<ThunkId>,
    depth: u32,
    work: u64,
}

/// The environment around everything.
pub(crate) const ROOT: EnvId = EnvId(0);

impl<'e> Machine<'e> {
    pub(crate) fn new(environment: &'e Environment, files: Option<&'e dyn PastFiles>) -> Self {
        Self {
            environment,
            files,
            symbols: Symbols::default(),
            sources: Vec::new(),
            imports: HashMap::new(),
            shown_from: None,
            traces: Vec::new(),
            named: Vec::new(),
            builtins: None,
            patterns: Patterns::default(),
            libraries: Vec::new(),
            thunks: Vec::with_capacity(1024),
            envs: vec![Env {
                parent: ROOT,
                start: 0,
            }],
            slots: Vec::with_capacity(1024),
            depth: 0,
            work: 0,
        }
    }

    /// Pays for `amount` units of work.
    pub(crate) fn spend(&mut self, amount: usize) -> Result<()> {
        self.work = self.work.saturating_add(amount as u64);
        if self.work > WORK {
            return Err(Fault::limit(
                "the evaluation takes too long, it was stopped",
            ));
        }
        Ok(())
    }

    /// Runs `inner` one level deeper.
    pub(crate) fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH {
            return Err(Fault::limit(
                "the evaluation nests too deeply, perhaps without end",
            ));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// A thunk for a value that is there already.
    pub(crate) fn ready(&mut self, value: Value) -> ThunkId {
        self.allocate(Thunk::Ready(value))
    }

    pub(crate) fn allocate(&mut self, thunk: Thunk) -> ThunkId {
        self.thunks.push(thunk);
        self.work += 2;
        ThunkId(u32::try_from(self.thunks.len()).unwrap_or(u32::MAX) - 1)
    }

    /// Puts a value where a thunk had to be before the value was there.
    pub(crate) fn replace(&mut self, id: ThunkId, value: Value) {
        self.thunks[id.0 as usize] = Thunk::Ready(value);
    }

    /// The value, where the thunk was evaluated before.
    pub(crate) fn peek(&self, id: ThunkId) -> Option<&Value> {
        match self.thunks.get(id.0 as usize) {
            Some(Thunk::Ready(value)) => Some(value),
            _ => None,
        }
    }

    /// The expression of a thunk that was not evaluated.
    pub(crate) fn peek_delayed(&self, id: ThunkId) -> Option<&Rc<Expr>> {
        match self.thunks.get(id.0 as usize) {
            Some(Thunk::Delayed { expression, .. }) => Some(expression),
            _ => None,
        }
    }

    /// The thunk that a variable of an unevaluated thunk's scope stands for.
    pub(crate) fn delayed_slot(&self, id: ThunkId, up: u32, slot: u32) -> Option<ThunkId> {
        match self.thunks.get(id.0 as usize) {
            Some(Thunk::Delayed { env, .. }) => Some(self.slot(*env, up, slot)),
            _ => None,
        }
    }

    /// Evaluates a thunk, once.
    pub(crate) fn force(&mut self, id: ThunkId) -> Result<Value> {
        let thunk = &mut self.thunks[id.0 as usize];
        if let Thunk::Ready(value) = thunk {
            return Ok(value.clone());
        }
        let thunk = std::mem::replace(thunk, Thunk::Busy);
        let result = self.deeper(|machine| machine.run(&thunk));
        // A failed thunk fails again when it is asked again.
        self.thunks[id.0 as usize] = match &result {
            Ok(value) => Thunk::Ready(value.clone()),
            Err(_) => thunk,
        };
        result
    }

    fn run(&mut self, thunk: &Thunk) -> Result<Value> {
        match thunk {
            Thunk::Ready(value) => Ok(value.clone()),
            Thunk::Delayed { expression, env } => self.evaluate(expression, *env),
            Thunk::Apply { function, argument } => {
                let function = self.force(*function)?;
                self.call(&function, *argument)
            }
            Thunk::ApplyTwo {
                function,
                arguments: (first, second),
            } => {
                let function = self.force(*function)?;
                self.call_two(&function, *first, *second)
            }
            Thunk::Select { base, name, at } => self
                .force_attrs(*base)
                .and_then(|attrs| self.member(&attrs, *name))
                .map_err(|fault| fault.or_at(*at)),
            Thunk::Import(path) => self.load(path, None),
            Thunk::Busy => Err(Fault::evaluation(
                "infinite recursion: a value needs itself",
            )),
        }
    }

    /// A new environment with room for `count` slots, to be set right away.
    pub(crate) fn open_env(&mut self, parent: EnvId, count: usize) -> EnvId {
        let start = self.slots.len();
        self.slots.resize(start + count, ThunkId(0));
        self.work += count as u64;
        self.envs.push(Env {
            parent,
            start: u32::try_from(start).unwrap_or(u32::MAX),
        });
        EnvId(u32::try_from(self.envs.len()).unwrap_or(u32::MAX) - 1)
    }

    pub(crate) fn set_slot(&mut self, env: EnvId, slot: usize, thunk: ThunkId) {
        let start = self.envs[env.0 as usize].start as usize;
        self.slots[start + slot] = thunk;
    }

    /// The thunk in a slot of the environment `up` levels out.
    pub(crate) fn slot(&self, mut env: EnvId, up: u32, slot: u32) -> ThunkId {
        for _ in 0..up {
            env = self.envs[env.0 as usize].parent;
        }
        self.slots[(self.envs[env.0 as usize].start + slot) as usize]
    }

    /// Remembers the names of an environment of the user's, for the names of
    /// recipients.
    pub(crate) fn note_names(&mut self, env: EnvId, bindings: &Bindings) {
        let library = |(_, at): &(Symbol, At)| {
            self.sources
                .get(at.source as usize)
                .is_none_or(|loaded| loaded.library)
        };
        if self.named.len() < 10_000 && bindings.names.first().is_some_and(|name| !library(name)) {
            self.named.push((env, Rc::clone(&bindings.names)));
        }
    }

    /// Whether a place is in a file that the user wrote.
    pub(crate) fn is_users(&self, at: At) -> bool {
        self.sources
            .get(at.source as usize)
            .is_some_and(|loaded| !loaded.library)
    }

    /// Evaluates to a set.
    pub(crate) fn force_attrs(&mut self, id: ThunkId) -> Result<Rc<Attrs>> {
        match self.force(id)? {
            Value::Attrs(attrs) => Ok(attrs),
            other => Err(expected("a set", &other)),
        }
    }

    /// Evaluates to a list.
    pub(crate) fn force_list(&mut self, id: ThunkId) -> Result<Rc<[ThunkId]>> {
        match self.force(id)? {
            Value::List(list) => Ok(list),
            other => Err(expected("a list", &other)),
        }
    }

    /// Evaluates to a string, without converting anything.
    pub(crate) fn force_string(&mut self, id: ThunkId) -> Result<Text> {
        match self.force(id)? {
            Value::String(text) => Ok(text),
            other => Err(expected("a string", &other)),
        }
    }

    /// Evaluates to an integer.
    pub(crate) fn force_int(&mut self, id: ThunkId) -> Result<i64> {
        match self.force(id)? {
            Value::Int(number) => Ok(number),
            other => Err(expected("an integer", &other)),
        }
    }

    /// The attribute's value, evaluated.
    pub(crate) fn member(&mut self, attrs: &Attrs, name: Symbol) -> Result<Value> {
        match self.lookup(attrs, name)? {
            Some(id) => self.force(id),
            None => Err(self.missing(attrs, name)),
        }
    }

    /// The attribute's thunk; unsupported where only the whole set would tell.
    pub(crate) fn lookup(&self, attrs: &Attrs, name: Symbol) -> Result<Option<ThunkId>> {
        match (attrs.get(name), attrs.open) {
            (Some(attr), _) => Ok(Some(attr.value)),
            (None, None) => Ok(None),
            (None, Some(what)) => {
                let name = self.symbols.show(name);
                Err(Fault::unsupported(format!(
                    "the attribute '{name}' of {what}"
                )))
            }
        }
    }

    pub(crate) fn missing(&self, attrs: &Attrs, name: Symbol) -> Box<Fault> {
        let name = self.symbols.show(name);
        let fault = Fault::evaluation(format!("attribute '{name}' is missing"));
        let names = attrs
            .entries()
            .iter()
            .map(|attr| self.symbols.show(attr.name));
        let near = names
            .filter(|other| other.eq_ignore_ascii_case(&name))
            .min();
        match near {
            Some(other) => fault.hint(format!("did you mean '{other}'?")),
            None => fault,
        }
    }

    /// All attributes in the order of their names; unsupported for a set of
    /// which only a part is here.
    pub(crate) fn sorted(&self, attrs: &Attrs) -> Result<Vec<super::value::Attr>> {
        self.whole(attrs)?;
        let mut entries = attrs.entries().to_vec();
        entries.sort_unstable_by(|left, right| self.symbols.order(left.name, right.name));
        Ok(entries)
    }

    /// Refuses a set of which only a part is here.
    pub(crate) fn whole(&self, attrs: &Attrs) -> Result<()> {
        let refusal = |what| Err(Fault::unsupported(format!("all attributes of {what}")));
        attrs.open.map_or(Ok(()), refusal)
    }

    /// The error for the caller, with texts instead of numbers.
    pub(crate) fn report(&self, fault: &Fault) -> NixError {
        let mut diagnostic = Diagnostic::error(match fault.kind {
            FaultKind::Unsupported => {
                format!("the built-in evaluator does not support {}", fault.message)
            }
            _ => fault.message.clone(),
        });
        if let Some((source, span)) = fault.at.and_then(|at| self.place(at)) {
            diagnostic = diagnostic.at(&source, span);
        }
        if let Some((what, at)) = fault.related
            && let Some((source, span)) = self.place(at)
        {
            let place = Diagnostic::error("").at(&source, span).to_string();
            diagnostic = diagnostic.hint(format!("{what} {}", place.trim_end_matches([':', ' '])));
        }
        diagnostic.hints.extend(fault.hints.iter().cloned());
        NixError::new(fault.kind, diagnostic)
    }

    /// Text and range of a place.
    pub(crate) fn place(&self, at: At) -> Option<(Arc<Source>, Span)> {
        let loaded = self.sources.get(at.source as usize)?;
        Some((
            Arc::clone(&loaded.source),
            Span::new(at.start as usize, at.end as usize),
        ))
    }
}

/// The error for a value of the wrong type.
pub(crate) fn expected(wanted: &str, found: &Value) -> Box<Fault> {
    Fault::evaluation(format!("expected {wanted}, found {}", found.kind()))
}

/// A Boolean, or the error that says what was there instead.
pub(crate) fn as_bool(value: &Value) -> Result<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => Err(expected("a Boolean", other)),
    }
}
