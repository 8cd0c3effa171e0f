//! What is wrong with an input file, where, and what to do about it.
//!
//! A [`Diagnostic`] is a value; the command line renders it, with the source
//! line where there is one.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::span::{Position, Span, position};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing stops.
    Warning,
    /// The work cannot go on.
    Error,
}

/// A source text that diagnostics point into.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Name shown to the user, as the user typed it where possible.
    pub path: PathBuf,
    /// Whole text.
    pub text: String,
}

/// One finding: a sentence in lower case without a full stop, a place, and hints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Text and range at fault.
    pub place: Option<(Arc<Source>, Span)>,
    /// What to do next, one sentence each.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            place: None,
            hints: Vec::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Span) -> Self {
        self.place = Some((Arc::clone(source), span));
        self
    }

    /// The same finding with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Line and column of the place.
    pub fn position(&self) -> Option<Position> {
        self.place
            .as_ref()
            .map(|(source, span)| position(&source.text, span.start))
    }
}

/// One line: `path:line:column: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some((source, _)), Some(at)) = (&self.place, self.position()) {
            write!(
                formatter,
                "{}:{}:{}: ",
                source.path.display(),
                at.line,
                at.column
            )?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_with_path_line_and_column() {
        let source = Arc::new(Source {
            path: "a.nix".into(),
            text: "x\n y".to_owned(),
        });
        let diagnostic = Diagnostic::error("undefined variable 'y'").at(&source, Span::new(3, 4));
        assert_eq!(diagnostic.to_string(), "a.nix:2:2: undefined variable 'y'");
        assert_eq!(Diagnostic::warning("odd").to_string(), "odd");
    }
}
