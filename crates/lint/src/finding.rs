//! What was found, without the values.

use std::path::PathBuf;

use nixseal_base::span::Position;

use crate::rule::{Rule, Severity};

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which rule.
    pub rule: &'static Rule,
    /// The file, as it is to be shown.
    pub path: PathBuf,
    /// Where in it, if not the file as a whole is meant.
    pub place: Option<Place>,
    /// What is wrong here, in lower case without a full stop.
    pub message: String,
    /// What to do here.
    pub help: String,
}

impl Finding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.rule.severity
    }
}

/// A place in a text.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it begins.
    pub start: Position,
    /// Where it ends, one past the last character.
    pub end: Position,
    /// The line where it begins, every secret in it masked.
    pub line: String,
    /// From which character of `line` it reaches.
    pub from: usize,
    /// Over how many characters.
    pub width: usize,
}
