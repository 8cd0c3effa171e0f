//! `nixseal lint`: secrets that Nix files would put into the store.

pub(super) mod output;
pub(super) mod scope;

use nixseal_lint::Report;
use nixseal_lint::rule::ALL;
use nixseal_lint::run::File;

use self::output::{Form, print};
use self::scope::files;
use super::Session;
use crate::args::Lint;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::Style;
use crate::ui::progress::Progress;

/// Looks at every file and tells what was found.
pub(crate) fn run(context: &Context, arguments: &Lint) -> Outcome {
    if arguments.rules {
        rules(context);
        return Ok(Exit::Done);
    }
    let session = Session::new(context)?;
    let form = Form::of(arguments.json, arguments.sarif);
    let files = files(&session, &arguments.paths, form)?;
    let report = look(context, &files)?;
    Ok(print(context, form, &report.findings, files.len()))
}

/// Looks at all of `files`, and says how far it is.
pub(super) fn look(context: &Context, files: &[File]) -> Result<Report, Failure> {
    let progress = Progress::new(&context.ui, "looked at", files.len());
    nixseal_lint::run::run(files, &|| progress.advance()).map_err(Failure::of)
}

fn rules(context: &Context) {
    for rule in ALL {
        let id = context.ui.styled(Style::Bold, rule.id);
        context
            .ui
            .line(format!("{id} ({}): {}", rule.severity.name(), rule.title));
        context.ui.line(format!("    why: {}", rule.why));
        context.ui.line(format!("    instead: {}", rule.instead));
    }
}
