//! What is told of the files of a rekey: one line a file, or JSON.

use serde_json::{Value, json};

use crate::args::Rekey;
use crate::context::Context;
use crate::ui::table;

/// Findings and plans are the output of a command; what it did is for the user.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    Output,
    User,
}

/// What is told of one file.
pub(super) enum State {
    /// It fits its rule.
    Fits,
    /// How it differs.
    Differs(String),
    /// Why it takes no part.
    Note(String),
}

/// All files of a run.
pub(super) struct Report<'a> {
    context: &'a Context,
    json: bool,
    force: bool,
    rows: Vec<(String, State)>,
    values: Vec<Value>,
    /// Findings about the rules, where there are rules of SOPS.
    findings: Option<Vec<Value>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(context: &'a Context, arguments: &Rekey) -> Self {
        Self {
            context,
            json: arguments.json,
            force: arguments.force,
            rows: Vec::new(),
            values: Vec::new(),
            findings: None,
        }
    }

    /// Adds a file: what to call it, how it is, and the same as JSON.
    pub(super) fn add(&mut self, name: String, state: State, value: Value) {
        self.rows.push((name, state));
        self.values.push(value);
    }

    /// Adds findings about rules.
    pub(super) fn findings(&mut self, findings: Vec<Value>) {
        self.findings.get_or_insert_default().extend(findings);
    }

    /// Prints all; `verb` stands before files that differ.
    pub(super) fn print(self, verb: &str, audience: Audience) {
        let ui = &self.context.ui;
        if self.json {
            let mut all = json!({ "files": self.values });
            if let (Some(findings), Some(all)) = (self.findings, all.as_object_mut()) {
                all.insert("rules".to_owned(), Value::Array(findings));
            }
            ui.line(format!("{all:#}"));
            return;
        }
        // Names of files come from elsewhere.
        let say = |line: String| match audience {
            Audience::Output => ui.line(table::plain(&line)),
            Audience::User => ui.say(table::plain(&line)),
        };
        let count = self.rows.len();
        let mut fitting = 0;
        for (name, state) in self.rows {
            match state {
                State::Fits if self.force => say(format!("{verb} {name}")),
                State::Fits => fitting += 1,
                State::Differs(how) => say(format!("{verb} {name}: {how}")),
                State::Note(note) => say(format!("{name}: {note}")),
            }
        }
        if fitting == count {
            say(match fitting {
                0 => "no encrypted file has a rule here yet".to_owned(),
                1 => "the file fits its rule".to_owned(),
                count => format!("all {count} files fit their rules"),
            });
        }
    }
}
