//! Errors while they travel through the evaluator: small, with places by
//! number; [`crate::eval::NixError`] is what callers see.

use super::expression::At;

/// What sort of error, which decides who may handle it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// A file cannot be read.
    Read,
    /// The text is not Nix.
    Syntax,
    /// Nix itself would fail here.
    Evaluation,
    /// As above, and `builtins.tryEval` catches it: `throw` and `assert`.
    Catchable,
    /// Nix could do it, this evaluator cannot.
    Unsupported,
    /// Too deep, too long or too much.
    Limit,
}

/// One error.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) message: String,
    pub(crate) at: Option<At>,
    /// Another place that explains this one, with what it is.
    pub(crate) related: Option<(&'static str, At)>,
    pub(crate) hints: Vec<String>,
    /// Whether the value is at fault as a rule and not its evaluation.
    pub(crate) shape: bool,
}

/// Boxed, since it is the rare case.
pub(crate) type Result<T, E = Box<Fault>> = std::result::Result<T, E>;

impl Fault {
    pub(crate) fn new(kind: FaultKind, message: impl Into<String>) -> Box<Self> {
        let message = message.into();
        let (at, related, hints) = (None, None, Vec::new());
        Box::new(Self {
            kind,
            message,
            at,
            related,
            hints,
            shape: false,
        })
    }

    pub(crate) fn evaluation(message: impl Into<String>) -> Box<Self> {
        Self::new(FaultKind::Evaluation, message)
    }

    /// A value that evaluates and is not what a rule has to be.
    pub(crate) fn shape(message: impl Into<String>) -> Box<Self> {
        let mut fault = Self::evaluation(message);
        fault.shape = true;
        fault
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Box<Self> {
        Self::new(FaultKind::Unsupported, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Box<Self> {
        Self::new(FaultKind::Limit, message)
    }

    /// The same with a place, where it has none yet.
    #[must_use]
    pub(crate) fn or_at(mut self: Box<Self>, at: At) -> Box<Self> {
        if self.at.is_none() && !at.is_nowhere() {
            self.at = Some(at);
        }
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hints.push(hint.into());
        self
    }
}
