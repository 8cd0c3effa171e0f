//! What `age` says when it stops: one error, then hints.

use std::path::Path;

use nixseal_age::{Error, PayloadFault, UnwrapError, WrapError};

use crate::personalities::go_text::path_error;
use crate::ui::Ui;

/// What a shell sees of a program that a closed pipe ended.
const PIPE_CLOSED: u8 = 128 + 13;

/// Why a run ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something has to be told.
    Complaint(Complaint),
    /// Whoever read standard output has enough.
    PipeClosed,
}

impl Stop {
    /// Prints what there is to tell and gives the exit code.
    pub(super) fn tell(&self, ui: &Ui) -> u8 {
        match self {
            Self::Complaint(complaint) => complaint.tell(ui),
            Self::PipeClosed => PIPE_CLOSED,
        }
    }
}

impl From<Complaint> for Stop {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(complaint)
    }
}

/// An error in the words of the original, as far as scripts look for them,
/// and advice.
#[derive(Debug)]
pub(super) struct Complaint {
    message: String,
    hints: Vec<String>,
}

impl Complaint {
    /// A complaint without advice.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// The same with one more line of advice.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints it and gives the exit code.
    pub(super) fn tell(&self, ui: &Ui) -> u8 {
        for line in self.lines() {
            ui.say(format_args!("age: {line}"));
        }
        1
    }

    /// The error alone.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// All lines, without the name of the program before them.
    pub(super) fn lines(&self) -> Vec<String> {
        let hints = self.hints.iter().map(|hint| format!("hint: {hint}"));
        std::iter::once(format!("error: {}", self.message))
            .chain(hints)
            .collect()
    }

    /// Why the input called `input` could not be encrypted or decrypted, or its
    /// result not be made. Writing errors are told by the sink.
    pub(super) fn of_engine(error: &Error, input: &str) -> Self {
        match error {
            Error::NotAge { reason } => header(reason),
            Error::Header { .. } => header(error),
            Error::Armor { line, reason } => {
                header(format!("invalid armor: line {line}: {reason}"))
            }
            Error::BadMac => Self::new("bad header MAC"),
            Error::Payload { reason, .. } => Self::new(payload(*reason)),
            Error::NoMatch { .. } => Self::new("no identity matched any of the recipients"),
            Error::Unwrap { source, .. } => of_unwrapping(source),
            Error::Wrap(WrapError::Refused { reason, .. }) => {
                with_plugin_hints(&format!("failed to wrap key: {reason}"))
            }
            Error::MixedSecurity { .. } => Self::new(
                "incompatible recipients: can't mix post-quantum and classic recipients, or the \
                 file would be vulnerable to quantum computers",
            ),
            Error::Incompatible { first, second } => Self::new(format!(
                "incompatible recipients: \"{first}\" and \"{second}\" can't be mixed"
            )),
            Error::PassphraseNotAlone => Self::new(
                "incompatible recipients: a passphrase can't be mixed with other recipients",
            ),
            Error::Read(cause) => Self::new(path_error("read", Path::new(input), cause)),
            other => Self::new(other.to_string()),
        }
    }
}

fn header(reason: impl std::fmt::Display) -> Complaint {
    Complaint::new(format!("failed to read header: {reason}"))
}

fn payload(fault: PayloadFault) -> String {
    let message = "failed to decrypt and authenticate payload chunk, file may be corrupted or \
        tampered with";
    match fault {
        PayloadFault::Corrupted => message.to_owned(),
        other => format!("{message}: {other}"),
    }
}

fn of_unwrapping(error: &UnwrapError) -> Complaint {
    match error {
        UnwrapError::Unusable(reason) => with_plugin_hints(reason),
        other => Complaint::new(other.to_string()),
    }
}

/// How a message ends that says a plugin's program is not there.
const NO_PLUGIN: &str = "executable file not found in $PATH";

/// `couldn't start plugin: …`, in the original's words.
pub(super) fn plugin_not_found(name: &str) -> String {
    format!(
        "{name} plugin: couldn't start plugin: \"{name}\" plugin not found: \
         exec: \"age-plugin-{name}\": {NO_PLUGIN}"
    )
}

fn with_plugin_hints(message: &str) -> Complaint {
    let complaint = Complaint::new(message);
    let missing = message
        .strip_suffix(&format!("\": {NO_PLUGIN}"))
        .and_then(|before| before.rsplit_once("age-plugin-"));
    match missing {
        Some((_, name)) => complaint
            .hint(format!("you might want to install the \"{name}\" plugin"))
            .hint(
                "visit https://age-encryption.org/awesome#plugins for a list of available plugins",
            ),
        None => complaint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_plugin_is_advised_on() {
        let lines = with_plugin_hints(&plugin_not_found("nope")).lines();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[1],
            "hint: you might want to install the \"nope\" plugin"
        );
        assert_eq!(
            with_plugin_hints("nope plugin: it said no").lines().len(),
            1
        );
    }
}
