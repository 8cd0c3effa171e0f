//! `nixseal rotate`: new data keys, or file keys, for certain files.

use std::path::PathBuf;

use nixseal_base::diag::Diagnostic;
use nixseal_base::fs::Batch;
use nixseal_repository::Repository;
use nixseal_repository::locate::normalize;
use nixseal_repository::rekey::{Item, plan, stage};
use nixseal_repository::sops::{Found, SopsFile, SopsRules, apply, drift};

use super::Session;
use super::rekey::{chosen, with_run};
use super::target::{SopsKeyring, failed};
use crate::args::Rotate;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::progress::Progress;

/// Opens all files, encrypts them anew, and replaces all or none.
pub(crate) fn run(context: &Context, arguments: &Rotate) -> Outcome {
    let session = Session::new(context)?;
    let (sops, age) = sorted(&session, arguments)?;
    let repository = match age.first() {
        None => None,
        Some(first) => Some(session.repository(&arguments.rules, Some(first))?),
    };
    let items = match &repository {
        None => Vec::new(),
        Some(repository) => items(&session, repository, &age)?,
    };
    let drifted: Vec<PathBuf> = sops
        .iter()
        .filter(|(file, rules)| has_drifted(file, rules.as_ref()))
        .map(|(file, _)| file.path.clone())
        .collect();

    let keyring = session.keyring(&arguments.identities, repository.as_ref())?;
    let keyring = SopsKeyring::around(&session, keyring)?;
    let progress = Progress::new(&context.ui, "rotating", sops.len() + items.len());
    let (batch, done) = (Batch::new(), || progress.advance());
    let mut diagnostics = Vec::new();
    if let Some(repository) = &repository {
        let work: Vec<&Item<'_>> = items.iter().collect();
        let mut lock = repository.lock.clone();
        if let Err(error) = stage(&work, keyring.identities(), Some(&mut lock), &batch, &done) {
            diagnostics.extend(Failure::from(error).diagnostics);
        }
    }
    let rotated = with_run(&session, &keyring, &batch, &done, |run| {
        apply::rotate(sops, run)
    });
    if let Err(failure) = rotated {
        diagnostics.extend(failure.diagnostics);
    }
    drop(progress);
    if !diagnostics.is_empty() {
        let exit = Exit::Failed;
        return Err(Failure { exit, diagnostics }.hint("nothing was changed"));
    }
    batch.commit()?;
    for file in &arguments.files {
        context.ui.say(format!("rotated {}", file.display()));
    }
    for path in drifted {
        let path = path.strip_prefix(&session.current).unwrap_or(&path);
        let message = format!("'{}' does not fit its rule", path.display());
        let hint = format!("bring it in line: nixseal rekey {}", path.display());
        context.ui.report(&Diagnostic::warning(message).hint(hint));
    }
    Ok(Exit::Done)
}

type SopsFiles = Vec<(SopsFile, Option<SopsRules>)>;

/// The files by kind.
fn sorted(session: &Session<'_>, arguments: &Rotate) -> Result<(SopsFiles, Vec<PathBuf>), Failure> {
    let (mut sops, mut age): (SopsFiles, Vec<PathBuf>) = Default::default();
    for file in &arguments.files {
        let path = normalize(&session.current.join(file));
        let refused = |reason: String| {
            Failure::new(format!("cannot rotate '{}': {reason}", file.display()))
                .hint("nothing was changed")
        };
        match Found::at(&path, None)? {
            Found::Missing => return Err(refused("it does not exist".to_owned())),
            Found::Age => age.push(file.clone()),
            Found::Other(error) => return Err(refused(error.to_string())),
            Found::Sops(found) => {
                if sops.iter().any(|(known, _)| known.path == path) {
                    continue;
                }
                let rules = session
                    .sops_rules(&arguments.rules, &path)
                    .map_err(failed)?;
                sops.push((*found, rules));
            }
        }
    }
    Ok((sops, age))
}

fn items<'r>(
    session: &Session<'_>,
    repository: &'r Repository,
    files: &[PathBuf],
) -> Result<Vec<Item<'r>>, Failure> {
    let mut secrets = chosen(session, repository, files)?;
    secrets.sort_by(|one, two| one.1.cmp(&two.1));
    secrets.dedup_by(|one, two| one.1 == two.1);
    plan(repository, secrets).map_err(|diagnostics| Failure {
        exit: Exit::Failed,
        diagnostics,
    })
}

fn has_drifted(file: &SopsFile, rules: Option<&SopsRules>) -> bool {
    let wanted = rules.map(|rules| rules.encryption(&file.path));
    match wanted {
        Some(Ok(Some(wanted))) => !drift(file.metadata(), file.format(), wanted).is_none(),
        _ => false,
    }
}
