//! `nixseal check`: one gate over a repository, for hooks and CI.

mod gather;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nixseal_check::{Findings, fix, kind};
use nixseal_git::files::untracked;
use nixseal_lint::rule::Severity;
use nixseal_lint::{json, sarif};
use nixseal_repository::locate::normalize;
use serde_json::{Value, json};

use self::gather::Gathered;
use super::Session;
use super::lint::output::{Form, exit};
use crate::args::Check;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::ui::{Style, counted};

/// Reads everything, mends what it may, and tells what is left.
pub(crate) fn run(context: &Context, arguments: &Check) -> Outcome {
    let session = Session::new(context)?;
    let form = Form::of(arguments.json, arguments.sarif);
    let mut gathered = Gathered::read(&session, arguments, form)?;
    if arguments.fix {
        mend(context, &mut gathered)?;
        gathered = Gathered::read(&session, arguments, form)?;
    }
    let (secrets, files) = (gathered.secrets(), gathered.files.len());
    let (base, top) = (gathered.base.clone(), gathered.top.clone());
    let mut found = gathered.check();
    only_in(&mut found, &base, &session.current, &arguments.paths);
    for path in &arguments.paths {
        can_be_checked(path, &top, &base, &session.current, &found)?;
    }
    print(context, form, &found, secrets, files);
    Ok(exit(&found))
}

/// Mends what needs no key, and tells what.
fn mend(context: &Context, gathered: &mut Gathered) -> Result<(), Failure> {
    let mut done = fix::locks(&gathered.repositories)?;
    let found = gathered.take_check();
    let untracked: BTreeSet<PathBuf> = untracked(&gathered.top)
        .unwrap_or_default()
        .into_iter()
        .collect();
    done.extend(fix::ignores(
        &gathered.top,
        &found,
        &gathered.files,
        &untracked,
    )?);
    done.extend(fix::modes(&found, &gathered.files)?);
    for line in &done {
        context.ui.say(line);
    }
    Ok(())
}

/// Leaves out what is elsewhere than the user named.
fn only_in(found: &mut Findings, base: &Path, current: &Path, paths: &[PathBuf]) {
    if paths.is_empty() {
        return;
    }
    let wanted: Vec<PathBuf> = paths
        .iter()
        .map(|path| normalize(&current.join(path)))
        .collect();
    found.retain(|finding| {
        let path = base.join(&finding.path);
        wanted.iter().any(|wanted| path.starts_with(wanted))
    });
}

/// Whether anything could be found in a path that the user named: a gate must not open for a path
/// that is misspelled. A file that a rule asks for and that is missing is a finding.
fn can_be_checked(
    path: &Path,
    top: &Path,
    base: &Path,
    current: &Path,
    found: &Findings,
) -> Result<(), Failure> {
    let full = normalize(&current.join(path));
    let shown = path.display();
    if !full.starts_with(top) && !top.starts_with(&full) {
        let top = top.display();
        return Err(
            Failure::new(format!("'{shown}' is outside of '{top}', which is checked"))
                .hint("run it in the repository of that path"),
        );
    }
    let is_there = full.symlink_metadata().is_ok();
    let is_found = || {
        found
            .iter()
            .any(|one| base.join(&one.path).starts_with(&full))
    };
    match is_there || is_found() {
        true => Ok(()),
        false => Err(Failure::new(format!("'{shown}' does not exist"))),
    }
}

fn print(context: &Context, form: Form, found: &Findings, secrets: usize, files: usize) {
    match form {
        Form::Sarif => context.ui.line(format!("{:#}", sarif::log(found))),
        Form::Json => {
            let findings = found.iter().map(|one| {
                let mut value = json::finding(one);
                if let Some(object) = value.as_object_mut() {
                    object.insert("kind".to_owned(), json!(kind(one.rule).title()));
                }
                value
            });
            let findings: Vec<Value> = findings.collect();
            let report = json!({ "secrets": secrets, "files": files, "findings": findings });
            context.ui.line(format!("{report:#}"));
        }
        Form::Text => {
            let mut last = None;
            for one in found {
                let own = kind(one.rule);
                if last != Some(own) {
                    context
                        .ui
                        .line(context.ui.styled(Style::Title, own.title()));
                    last = Some(own);
                }
                context.ui.found(one);
            }
            let count = found
                .iter()
                .filter(|one| one.severity() > Severity::Note)
                .count();
            if secrets == 0 && found.is_empty() {
                context.ui.say(
                    "there are no rules here, in secrets.nix or .sops.yaml: only Nix files and what is in clear were looked at",
                );
            }
            let count = match count {
                0 => "nothing found".to_owned(),
                count => counted(count, "finding"),
            };
            let (secrets, files) = (counted(secrets, "secret"), counted(files, "file"));
            context
                .ui
                .say(format!("{count}; {secrets} and {files} were looked at"));
        }
    }
}
