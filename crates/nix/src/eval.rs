//! A lazy evaluator for the Nix language, without a store.
//!
//! It covers the language and the builtins that need no store, and runs the
//! library of nixpkgs unchanged. What it does not cover is
//! [`NixError::Unsupported`], never a guess: a caller can then ask Nix itself.
//! What it covers gives the same values as Nix; where versions of Nix differ
//! (integer overflow, floats in JSON) it follows the newer ones.
//!
//! The steps: [`parse`] makes a tree of a text, [`lower`] resolves its names,
//! [`machine`] and [`interpret`] evaluate. All of it runs on a thread with a big
//! stack, with caps on depth, work and file sizes, so that no input makes it crash
//! or run forever.

use std::mem::ManuallyDrop;
use std::path::Path;

use nixseal_base::diag::Diagnostic;
use nixseal_base::env::Environment;

mod builtins;
mod call;
mod coerce;
mod expression;
mod fault;
mod files;
mod indentation;
mod interpret;
mod json;
mod lower;
mod machine;
mod operators;
pub(crate) mod parse;
mod past;
mod paths;
pub(crate) mod symbol;
mod value;

pub use expression::Operator;
pub(crate) use expression::{At, Kind};
pub(crate) use fault::{Fault, FaultKind, Result};
pub(crate) use machine::Machine;
pub use past::{PastFile, PastFiles};
pub use symbol::Symbol;
pub(crate) use value::{ThunkId, Value};

/// Stack of the evaluating thread: several times what the depths that the parser
/// and the machine allow take, which is most without optimisation.
const STACK: usize = if cfg!(debug_assertions) {
    384 << 20
} else {
    128 << 20
};

/// Why an evaluation failed; the diagnostic says where.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NixError {
    /// A file cannot be read.
    #[error("{0}")]
    Read(Box<Diagnostic>),
    /// The text is not Nix.
    #[error("{0}")]
    Syntax(Box<Diagnostic>),
    /// Nix would fail as well: a missing attribute, a wrong type, `throw` and so on.
    #[error("{0}")]
    Evaluation(Box<Diagnostic>),
    /// Nix can do it, this evaluator cannot.
    #[error("{0}")]
    Unsupported(Box<Diagnostic>),
    /// Too deep, too long or too big.
    #[error("{0}")]
    Limit(Box<Diagnostic>),
}

impl NixError {
    fn new(kind: FaultKind, diagnostic: Diagnostic) -> Self {
        let diagnostic = Box::new(diagnostic);
        match kind {
            FaultKind::Read => Self::Read(diagnostic),
            FaultKind::Syntax => Self::Syntax(diagnostic),
            FaultKind::Evaluation | FaultKind::Catchable => Self::Evaluation(diagnostic),
            FaultKind::Unsupported => Self::Unsupported(diagnostic),
            FaultKind::Limit => Self::Limit(diagnostic),
        }
    }

    /// What is wrong, where, and what to do.
    pub fn diagnostic(&self) -> &Diagnostic {
        match self {
            Self::Read(diagnostic)
            | Self::Syntax(diagnostic)
            | Self::Evaluation(diagnostic)
            | Self::Unsupported(diagnostic)
            | Self::Limit(diagnostic) => diagnostic,
        }
    }
}

/// Evaluates a file and all of its value, as
/// `nix-instantiate --eval --strict --json FILE` does.
///
/// # Errors
/// Whatever stops the evaluation.
pub fn file_to_json(
    path: &Path,
    environment: &Environment,
) -> std::result::Result<String, NixError> {
    with_machine(environment, |machine| {
        let path = machine.start_at(path);
        let result = machine.import(&path);
        finish_json(machine, result)
    })
}

/// Evaluates an expression and all of its value; relative paths in it start from
/// `folder`.
///
/// # Errors
/// Whatever stops the evaluation.
pub fn expression_to_json(
    text: &str,
    folder: &Path,
    environment: &Environment,
) -> std::result::Result<String, NixError> {
    with_machine(environment, |machine| {
        let shown = Path::new("(expression)");
        let parsed = machine.parse_text(text.to_owned(), shown, folder, false, None);
        let result = parsed.and_then(|(expression, env)| machine.evaluate(&expression, env));
        finish_json(machine, result)
    })
}

fn finish_json(
    machine: &mut Machine<'_>,
    result: Result<Value>,
) -> std::result::Result<String, NixError> {
    let written = result.and_then(|value| {
        let id = machine.ready(value);
        // Lists that many attributes share are written out for each.
        let sources = machine
            .sources
            .iter()
            .map(|loaded| loaded.source.text.len());
        let mut text = String::with_capacity(sources.sum::<usize>().saturating_mul(6));
        json::write(machine, id, &mut text).map(|()| text)
    });
    written.map_err(|fault| machine.report(&fault))
}

/// Runs `work` on a thread whose stack is big enough for it.
pub(crate) fn with_machine<T: Send>(
    environment: &Environment,
    work: impl FnOnce(&mut Machine<'_>) -> std::result::Result<T, NixError> + Send,
) -> std::result::Result<T, NixError> {
    with_files(environment, None, work)
}

/// The same; where `files` are given, they are read instead of the disk.
pub(crate) fn with_files<T: Send>(
    environment: &Environment,
    files: Option<&dyn PastFiles>,
    work: impl FnOnce(&mut Machine<'_>) -> std::result::Result<T, NixError> + Send,
) -> std::result::Result<T, NixError> {
    let stopped = |message: &str| NixError::new(FaultKind::Limit, Diagnostic::error(message));
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new()
            .name("nix".to_owned())
            .stack_size(STACK);
        let thread = builder.spawn_scoped(scope, || {
            let mut machine = ManuallyDrop::new(Machine::new(environment, files));
            let result = work(&mut machine);
            // Else never taken apart: that takes a tenth of the whole
            // evaluation, and a run has one or two of them. Those of the past are many.
            if cfg!(fuzzing) || files.is_some() {
                drop(ManuallyDrop::into_inner(machine));
            }
            result
        });
        let thread = thread.map_err(|error| {
            stopped(&format!(
                "cannot start a thread for the evaluation: {error}"
            ))
        })?;
        thread
            .join()
            .unwrap_or_else(|_| Err(stopped("the evaluation stopped unexpectedly")))
    })
}
