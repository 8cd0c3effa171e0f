//! `nixseal rekey`: files of both kinds brought in line with their rules, in one batch.

mod age;
mod report;
pub(super) mod scope;
mod sops;

pub(super) use age::chosen;
pub(super) use sops::with_run;

use nixseal_base::fs::Batch;
use nixseal_repository::Repository;

use self::age::AgeSide;
use self::report::{Audience, Report};
use self::scope::Scope;
use self::sops::SopsSide;
use super::Session;
use super::target::SopsKeyring;
use crate::args::Rekey;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::progress::Progress;

/// Compares, reports, and rewrites what must be.
pub(crate) fn run(context: &Context, arguments: &Rekey) -> Outcome {
    let session = Session::new(context)?;
    let scope = Scope::of(&session, &arguments.rules, &arguments.files)?;
    let repository = scope.repository(&session)?;
    let age = repository
        .as_ref()
        .map(|repository| AgeSide::new(&session, repository, &scope.age_files))
        .transpose()?;
    let sops = scope.tree.map(|tree| SopsSide::new(&session, tree));
    let mut report = Report::new(context, arguments);
    if let Some(side) = &age {
        side.report(&session, &mut report);
    }
    if let Some(side) = &sops {
        side.report(&session, &mut report);
    }
    if arguments.check {
        let findings = sops.as_ref().is_some_and(|side| side.check(&session));
        report.print("drifted", Audience::Output);
        let drifted = age.as_ref().is_some_and(AgeSide::has_drifted)
            || sops.as_ref().is_some_and(SopsSide::has_drifted);
        return Ok(match drifted || findings {
            true => Exit::Found,
            false => Exit::Done,
        });
    }
    if let Some(side) = &sops {
        side.warn(&session);
    }
    let refused = age.as_ref().map(AgeSide::refused).into_iter().flatten();
    let refused = refused.chain(sops.as_ref().map(SopsSide::refused).into_iter().flatten());
    let diagnostics: Vec<_> = refused.collect();
    if !diagnostics.is_empty() {
        let exit = Exit::Failed;
        return Err(Failure { exit, diagnostics }.hint("nothing was changed"));
    }
    if arguments.dry_run {
        report.print("would rekey", Audience::Output);
        return Ok(Exit::Done);
    }
    execute(&session, arguments, repository.as_ref(), age, sops)?;
    report.print("rekeyed", Audience::User);
    Ok(Exit::Done)
}

/// Opens and seals everything, then replaces all files or none.
fn execute(
    session: &Session<'_>,
    arguments: &Rekey,
    repository: Option<&Repository>,
    age: Option<AgeSide<'_>>,
    sops: Option<SopsSide>,
) -> Result<(), Failure> {
    let anew = arguments.force;
    let counts = (
        age.as_ref().map_or(0, |side| side.work(anew).len()),
        sops.as_ref().map_or(0, |side| side.count(anew)),
    );
    let batch = Batch::new();
    let total = counts.0 + counts.1;
    let keyring = match total {
        0 => None,
        _ => Some(SopsKeyring::around(
            session,
            session.keyring(&arguments.identities, repository)?,
        )?),
    };
    let progress = Progress::new(&session.context.ui, "rekeying", total);
    let done = || progress.advance();
    let mut diagnostics = Vec::new();
    if let Some(side) = age {
        let whole = arguments.files.is_empty();
        if let Err(failure) = side.stage(
            keyring.as_ref().map(SopsKeyring::identities),
            anew,
            whole,
            &batch,
            &done,
        ) {
            diagnostics.extend(failure.diagnostics);
        }
    }
    if let (Some(side), Some(keyring), true) = (sops, &keyring, counts.1 > 0)
        && let Err(failure) = side.stage(session, keyring, anew, &batch, &done)
    {
        diagnostics.extend(failure.diagnostics);
    }
    drop(progress);
    if !diagnostics.is_empty() {
        let exit = Exit::Failed;
        return Err(Failure { exit, diagnostics }.hint("nothing was changed"));
    }
    Ok(batch.commit()?)
}
