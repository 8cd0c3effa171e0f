//! `nixseal git setup`.

use std::collections::BTreeSet;
use std::path::Path;

use nixseal_base::process::find_program;
use nixseal_git::Git;
use nixseal_git::setup::{Setup, set_up, take_out};
use nixseal_repository::sops::discover::{self, Content};

use crate::args::GitSetup;
use crate::commands::Session;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Tells git about the encrypted files of the repository the user stands in.
pub(super) fn run(context: &Context, arguments: &GitSetup) -> Outcome {
    let session = Session::new(context)?;
    let git = Git::new(&session.current);
    let top = git.top()?;
    let report = if arguments.undo {
        take_out(&git, &top)?
    } else {
        let setup = Setup {
            program: program(context)?,
            patterns: patterns(&top, &session.current, &arguments.patterns),
            values: arguments.values,
            hook: !arguments.no_hook,
        };
        set_up(&git, &top, &setup)?
    };
    if report.done.is_empty() && report.open.is_empty() {
        context.ui.say("nothing to do");
    }
    for line in &report.done {
        context.ui.say(line);
    }
    for line in &report.open {
        context.ui.say(format!("to do: {line}"));
    }
    Ok(Exit::Done)
}

/// The name under which git finds us, on the path or else where we are.
fn program(context: &Context) -> Result<String, Failure> {
    if find_program(&context.environment, "nixseal").is_some() {
        return Ok("nixseal".to_owned());
    }
    let path = std::env::current_exe()
        .map_err(|cause| Failure::new(format!("cannot tell where nixseal is: {cause}")))?;
    let path = path.to_string_lossy();
    let quoted = format!("'{}'", path.replace('\'', "'\\''"));
    // Under another name we would be another program.
    Ok(match path.ends_with("/nixseal") {
        true => quoted,
        false => format!("{quoted} nixseal"),
    })
}

/// What the user named, or `*.age` and the folders and suffixes of the SOPS files that are there.
fn patterns(top: &Path, current: &Path, named: &[String]) -> Vec<String> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let mut patterns = BTreeSet::from(["*.age".to_owned()]);
    for file in discover::walk(top, current).files {
        if !matches!(file.content, Content::Encrypted(_) | Content::Damaged(_)) {
            continue;
        }
        let Ok(name) = file.path.strip_prefix(top) else {
            continue;
        };
        let suffix = name.extension().map(|suffix| suffix.to_string_lossy());
        let folder = name.parent().unwrap_or(Path::new("")).to_string_lossy();
        patterns.insert(match (suffix, folder.is_empty()) {
            (Some(suffix), true) => format!("/*.{suffix}"),
            (Some(suffix), false) => format!("/{folder}/*.{suffix}"),
            (None, _) => format!("/{}", name.display()),
        });
    }
    patterns.into_iter().collect()
}
