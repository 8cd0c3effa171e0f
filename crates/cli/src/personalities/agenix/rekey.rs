//! `agenix -r`: every file anew, to exactly the recipients of its rule, with
//! one evaluation and one unlocking; all of them or none.

use std::ffi::OsString;

use nixseal_repository::FileState;

use super::arguments::Request;
use super::folder::{Folder, Found, silent};
use super::{batch, keys};
use crate::commands::Session;
use crate::failure::{Exit, Failure, Outcome};

/// Rekeys `files`, or all of the rules where there are none.
pub(super) fn run(
    session: &Session<'_>,
    request: &Request,
    folder: &mut Folder,
    files: &[OsString],
) -> Outcome {
    let mut lock = folder.lock.take();
    let (names, found) = match files {
        [] => all(session, folder)?,
        files => named(session, folder, files)?,
    };
    let secrets = found
        .iter()
        .map(|found| (found.secret, found.existing()))
        .collect();
    let items = batch::prepare(session, &folder.repository, secrets)?;
    for (name, item) in names.iter().zip(&items) {
        session.context.ui.say(format!("rekeying {name}..."));
        if matches!(item.state, FileState::Missing) {
            session.context.ui.say(format!("{name} wasn't created."));
        }
    }
    let first = names
        .iter()
        .zip(&items)
        .find(|(_, item)| batch::is_there(item));
    let Some((first, _)) = first else {
        return Ok(Exit::Done);
    };
    let keyring = keys::keyring(session, request, first)?;
    batch::execute(&items, &keyring, lock.as_mut(), super::words)?;
    Ok(Exit::Done)
}

type Chosen<'a> = (Vec<String>, Vec<Found<'a>>);

/// All secrets, by the names of their rules. Rules without keys stop it.
fn all<'a>(session: &Session<'_>, folder: &'a Folder) -> Result<Chosen<'a>, Failure> {
    let found = folder.all(session);
    let mut complete = true;
    for one in found.iter().filter(|one| folder.has_no_keys(one.secret)) {
        folder.say_no_rule(session, &one.secret.name);
        complete = false;
    }
    if !complete {
        return Err(silent());
    }
    let names = found.iter().map(|one| one.secret.name.clone()).collect();
    Ok((names, found))
}

/// Those that were named, by these names.
fn named<'a>(
    session: &Session<'_>,
    folder: &'a Folder,
    files: &[OsString],
) -> Result<Chosen<'a>, Failure> {
    let names = files
        .iter()
        .map(|file| file.to_string_lossy().into_owned())
        .collect();
    let found: Result<_, _> = files
        .iter()
        .map(|file| folder.find(session, file))
        .collect();
    Ok((names, found?))
}
