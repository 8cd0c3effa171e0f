//! `nixseal rekey`.

use std::path::{Path, PathBuf};

use nixseal_base::fs::Batch;
use nixseal_repository::drift::Drift;
use nixseal_repository::lock::Lock;
use nixseal_repository::rekey::{Item, apply, plan, stage_lock, sweep_leftovers};
use nixseal_repository::{FileState, Repository, Secret};
use serde_json::{Value, json};

use super::Session;
use crate::args::Rekey;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::progress::Progress;

/// Compares, reports, and rewrites what must be.
pub(crate) fn run(context: &Context, arguments: &Rekey) -> Outcome {
    let session = Session::new(context)?;
    let first = arguments.files.first().map(PathBuf::as_path);
    let repository = session.repository(&arguments.rules, first)?;
    let mut lock = repository.lock.clone();
    let secrets = chosen(&session, &repository, &arguments.files)?;
    let items = plan(&repository, secrets).map_err(|diagnostics| Failure {
        exit: Exit::Failed,
        diagnostics,
    })?;
    let report = Report {
        context,
        current: &session.current,
        json: arguments.json,
        force: arguments.force,
    };
    let bad: Vec<&Item<'_>> = items.iter().filter(|item| is_bad(item)).collect();
    let work: Vec<&Item<'_>> = items
        .iter()
        .filter(|item| item.has_drifted() || arguments.force && is_encrypted(item))
        .collect();
    if arguments.check {
        report.items(&items, "drifted", Audience::Output);
        return Ok(if work.is_empty() && bad.is_empty() {
            Exit::Done
        } else {
            Exit::Found
        });
    }
    if let Some(failure) = refusal(&bad) {
        return Err(failure);
    }
    if arguments.dry_run {
        report.items(&items, "would rekey", Audience::Output);
        return Ok(Exit::Done);
    }
    sweep_leftovers(items.iter());
    if !work.is_empty() {
        let keyring = session.keyring(&arguments.identities, Some(&repository))?;
        let progress = Progress::new(&context.ui, "rekeying", work.len());
        apply(&work, &keyring, Some(&mut lock), &|| progress.advance())?;
    }
    settle(&repository, &items, &mut lock, arguments.files.is_empty())?;
    report.items(&items, "rekeyed", Audience::User);
    Ok(Exit::Done)
}

/// The secrets that were named, or all.
pub(super) fn chosen<'r>(
    session: &Session<'_>,
    repository: &'r Repository,
    files: &[PathBuf],
) -> Result<Vec<(&'r Secret, PathBuf)>, Failure> {
    if files.is_empty() {
        return Ok(repository
            .secrets
            .iter()
            .map(|secret| (secret, secret.path.clone()))
            .collect());
    }
    files
        .iter()
        .map(|file| {
            session
                .resolve(repository, file)
                .map(|found| (found.secret, found.path))
        })
        .collect()
}

/// Records files that are in line already, so that the next run need not open
/// anything, and forgets files that left the rules.
fn settle(
    repository: &Repository,
    items: &[Item<'_>],
    lock: &mut Lock,
    all: bool,
) -> Result<(), Failure> {
    for item in items {
        if let FileState::Encrypted(file) = &item.state
            && item.drift == Drift::None
        {
            lock.record(&item.secret.name, file.lock_entry(item.readers));
        }
    }
    if all {
        lock.retain(|name| repository.by_name(name).is_some());
    }
    let batch = Batch::new();
    stage_lock(lock, &batch)?;
    Ok(batch.commit()?)
}

fn is_encrypted(item: &Item<'_>) -> bool {
    matches!(item.state, FileState::Encrypted(_))
}

fn is_bad(item: &Item<'_>) -> bool {
    matches!(item.state, FileState::NotAge(_) | FileState::Unreadable(_))
}

/// Files that are not what they should be stop a batch before it begins.
fn refusal(bad: &[&Item<'_>]) -> Option<Failure> {
    let mut failure: Option<Failure> = None;
    for item in bad {
        let reason = match &item.state {
            FileState::NotAge(error) => error.to_string(),
            FileState::Unreadable(error) => error.to_string(),
            _ => continue,
        };
        let one = Failure::new(format!("cannot rekey '{}': {reason}", item.path.display()));
        match &mut failure {
            None => failure = Some(one),
            Some(all) => all.diagnostics.extend(one.diagnostics),
        }
    }
    failure.map(|failure| failure.hint("nothing was changed"))
}

/// Says what happened to each file.
struct Report<'a> {
    context: &'a Context,
    current: &'a Path,
    json: bool,
    force: bool,
}

/// Findings and plans are the output of a command; what it did is for the user.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    Output,
    User,
}

impl Report<'_> {
    fn items(&self, items: &[Item<'_>], verb: &str, audience: Audience) {
        let ui = &self.context.ui;
        if self.json {
            let files: Vec<Value> = items.iter().map(|item| self.value(item)).collect();
            ui.line(format!("{:#}", json!({ "files": files })));
            return;
        }
        let say = |line: String| match audience {
            Audience::Output => ui.line(line),
            Audience::User => ui.say(line),
        };
        let mut fitting = 0;
        for item in items {
            let name = self.name(item);
            match (&item.state, &item.drift) {
                (FileState::Missing, _) => say(format!("{name}: not there yet")),
                (FileState::NotAge(error), _) => say(format!("{name}: {error}")),
                (FileState::Unreadable(error), _) => say(format!("{name}: {error}")),
                (FileState::Encrypted(_), Drift::None) if self.force => {
                    say(format!("{verb} {name}"));
                }
                (FileState::Encrypted(_), Drift::None) => fitting += 1,
                (FileState::Encrypted(_), drift) => {
                    say(format!("{verb} {name}: {}", drift.summary()));
                }
            }
        }
        if fitting == items.len() {
            say(match fitting {
                1 => "the file fits its rule".to_owned(),
                count => format!("all {count} files fit their rules"),
            });
        }
    }

    fn name(&self, item: &Item<'_>) -> String {
        item.path
            .strip_prefix(self.current)
            .unwrap_or(&item.path)
            .display()
            .to_string()
    }

    fn value(&self, item: &Item<'_>) -> Value {
        let state = match (&item.state, &item.drift) {
            (FileState::Missing, _) => "missing",
            (FileState::NotAge(_), _) => "not-age",
            (FileState::Unreadable(_), _) => "unreadable",
            (FileState::Encrypted(_), Drift::None) => "current",
            (FileState::Encrypted(_), Drift::Unknown) => "unknown",
            (FileState::Encrypted(_), Drift::Changed { .. }) => "drifted",
        };
        let (added, removed) = match &item.drift {
            Drift::Changed { added, removed } => (added.as_slice(), removed.as_slice()),
            _ => Default::default(),
        };
        json!({
            "name": item.secret.name,
            "path": item.path.display().to_string(),
            "state": state,
            "added": added,
            "removed": removed,
        })
    }
}
