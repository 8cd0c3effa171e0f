//! Findings in the form that was asked for.

use nixseal_lint::rule::Severity;
use nixseal_lint::{Finding, json, sarif};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Exit;
use crate::ui::counted;

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Form {
    Text,
    Json,
    Sarif,
}

impl Form {
    /// What the flags ask for.
    pub(in crate::commands) fn of(json: bool, sarif: bool) -> Self {
        match (json, sarif) {
            (_, true) => Self::Sarif,
            (true, _) => Self::Json,
            _ => Self::Text,
        }
    }
}

/// Prints all findings; notes alone are none that count.
pub(in crate::commands) fn print(
    context: &Context,
    form: Form,
    found: &[Finding],
    files: usize,
) -> Exit {
    let count = found
        .iter()
        .filter(|one| one.severity() > Severity::Note)
        .count();
    match form {
        Form::Sarif => context.ui.line(format!("{:#}", sarif::log(found))),
        Form::Json => {
            let findings: Vec<Value> = found.iter().map(json::finding).collect();
            context.ui.line(format!(
                "{:#}",
                json!({ "files": files, "findings": findings })
            ));
        }
        Form::Text => {
            found.iter().for_each(|one| context.ui.found(one));
            let what = match count {
                0 => "nothing".to_owned(),
                count => counted(count, "finding"),
            };
            let files = counted(files, "file");
            context.ui.say(format!("{what} in {files}"));
        }
    }
    exit(found)
}

/// Whether a check fails: notes alone do not count.
pub(in crate::commands) fn exit(found: &[Finding]) -> Exit {
    match found.iter().any(|one| one.severity() > Severity::Note) {
        true => Exit::Found,
        false => Exit::Done,
    }
}
