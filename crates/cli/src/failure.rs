//! How a command ends when it does not end well.

use nixseal_base::diag::Diagnostic;

/// Exit codes of nixseal's own commands; a drop-in keeps its original's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Something failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A check found something.
    Found = 3,
    /// A command was found but could not be run; as shells have it.
    NotRun = 126,
    /// A command was not found; as shells have it.
    NotFound = 127,
}

/// Why a command stops: the exit code and what to tell.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Exit code.
    pub(crate) exit: Exit,
    /// In order of importance.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// A failure with one message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            diagnostics: vec![Diagnostic::error(message)],
        }
    }

    /// A failure with one finding, its place and hints kept.
    pub(crate) fn of(diagnostic: Diagnostic) -> Self {
        Self {
            exit: Exit::Failed,
            diagnostics: vec![diagnostic],
        }
    }

    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            ..Self::new(message)
        }
    }

    /// The same failure with a hint added to its last message.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.last_mut() {
            last.hints.push(hint.into());
        }
        self
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

/// What a command gives back.
pub(crate) type Outcome = Result<Exit, Failure>;
