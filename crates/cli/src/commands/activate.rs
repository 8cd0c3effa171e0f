//! `nixseal activate`: the secrets of a manifest on this host.

mod show;

use std::path::Path;
use std::time::SystemTime;

use nixseal_activate::{
    Accounts, Events, Manifest, ManifestError, Options, Report, activate, check, own, status,
};
use nixseal_base::diag::Diagnostic;

use crate::args::Activate;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::Ui;

/// Name of the program in lines that sops-nix prints.
const PROGRAM: &str = "nixseal";

/// Lines of a run, as they are; with JSON on standard output, all on standard error.
pub(crate) struct Lines<'a> {
    pub(crate) ui: &'a Ui,
    pub(crate) json: bool,
}

impl Events for Lines<'_> {
    fn out(&self, line: &str) {
        match self.json {
            true => self.ui.say(line),
            false => self.ui.line(line),
        }
    }

    fn err(&self, line: &str) {
        self.ui.say(line);
    }
}

pub(super) fn run(context: &Context, arguments: &Activate) -> Outcome {
    let mut manifest = read(&arguments.manifest)?;
    let accounts = Accounts::of_system(&context.environment);
    let lines = Lines {
        ui: &context.ui,
        json: arguments.json,
    };
    let options = Options {
        environment: &context.environment,
        accounts: &accounts,
        events: &lines,
        program: PROGRAM,
        ignore_passwd: arguments.ignore_passwd,
        dry_run: arguments.dry_run,
        now: SystemTime::now(),
    };
    if arguments.check {
        return checked(context, arguments, &manifest, &options);
    }
    if arguments.status {
        return last_run(context, arguments, &mut manifest, &options);
    }
    let report = match arguments.own {
        true => own(&mut manifest, &options)?,
        false => activate(&mut manifest, &options)?,
    };
    concluded(context, arguments, &report)
}

fn read(path: &Path) -> Result<Manifest, Failure> {
    Manifest::read(path).map_err(|error| match error {
        // In the words of sops-nix, which do not say where.
        ManifestError::Parse(_) | ManifestError::Invalid(_) => {
            Failure::new(format!("'{}': {error}", path.display()))
        }
        other => other.into(),
    })
}

fn concluded(context: &Context, arguments: &Activate, report: &Report) -> Outcome {
    if arguments.json {
        context.ui.line(format!("{:#}", report.json()));
    }
    show::failures(&context.ui, report);
    match report.is_failed() {
        true => Ok(Exit::Failed),
        false => Ok(Exit::Done),
    }
}

fn checked(
    context: &Context,
    arguments: &Activate,
    manifest: &Manifest,
    options: &Options<'_>,
) -> Outcome {
    let findings = check(manifest, options);
    if arguments.json {
        context.ui.line(format!("{:#}", show::findings(&findings)));
    }
    for finding in &findings {
        let message = format!("{}: {}", finding.subject, finding.message);
        context.ui.report(&Diagnostic::error(message));
    }
    match findings.is_empty() {
        true => Ok(Exit::Done),
        false => Ok(Exit::Found),
    }
}

fn last_run(
    context: &Context,
    arguments: &Activate,
    manifest: &mut Manifest,
    options: &Options<'_>,
) -> Outcome {
    let trees = status(manifest, options).map_err(Failure::new)?;
    if arguments.json {
        let trees: Vec<_> = trees
            .iter()
            .map(|(name, tree)| show::tree_json(name, tree.as_ref()))
            .collect();
        context.ui.line(format!(
            "{:#}",
            serde_json::json!({"version": 1, "trees": trees})
        ));
    } else {
        show::trees(&context.ui, &trees);
    }
    if trees.iter().any(|(_, tree)| tree.is_none()) {
        return Ok(Exit::Failed);
    }
    let mut trees = trees.iter().filter_map(|(_, tree)| tree.as_ref());
    match trees.any(|tree| tree.is_failed()) {
        true => Ok(Exit::Found),
        false => Ok(Exit::Done),
    }
}
