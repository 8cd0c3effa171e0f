//! `nixseal git merge`: the merge driver.

use std::path::Path;
use std::time::SystemTime;

use nixseal_age::{Keyring, OpenFile};
use nixseal_base::diag::Diagnostic;
use nixseal_base::fs::{self, Creation};
use nixseal_base::process;
use nixseal_base::secret::SecretBytes;
use nixseal_git::merge::{Change, Chosen, Conflict, MergeError, Sides, Subject, choose, merge};
use nixseal_repository::FILE_LIMIT;
use nixseal_repository::sops::discover::Content;
use nixseal_repository::sops::is_age_name;
use nixseal_sops::Moment;
use nixseal_sops::key_groups::Owners;

use crate::args::{GitMerge, RulesArgs};
use crate::commands::Session;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Merges; exit code 1 tells git that there is a conflict. Whatever fails leaves our version.
pub(super) fn run(context: &Context, arguments: &GitMerge) -> Outcome {
    let session = Session::new(context)?;
    let path = arguments.path.as_deref().unwrap_or(&arguments.ours);
    let read = |path: &Path| fs::read(path, FILE_LIMIT);
    let (base, ours, theirs) = (
        read(&arguments.base)?,
        read(&arguments.ours)?,
        read(&arguments.theirs)?,
    );
    let sides = Sides {
        ours: &ours,
        base: &base,
        theirs: &theirs,
    };
    if is_age(path, sides) {
        return age(&session, arguments, path, sides);
    }
    let plain = |bytes| matches!(Content::of(path, bytes), Content::Clear | Content::Other);
    if plain(sides.ours) && plain(sides.theirs) {
        return as_text(arguments);
    }
    sops(&session, arguments, path, sides)
}

fn sops(session: &Session<'_>, arguments: &GitMerge, path: &Path, sides: Sides<'_>) -> Outcome {
    let name = path.display();
    let rules = session.sops_rules(&RulesArgs { rules: None }, path);
    let owners = match rules {
        Ok(Some(rules)) => rules.owners().clone(),
        _ => Owners::default(),
    };
    let keyring = session.sops_keyring(&arguments.identities)?;
    let now = Moment::of(SystemTime::now());
    let merged =
        merge(path, sides, &keyring.keys(), &owners, &now).map_err(|error| failure(path, error))?;
    fs::replace(&arguments.ours, merged.content.expose(), Creation::PUBLIC)?;
    let ui = &session.context.ui;
    if merged.layout_lost {
        ui.warn(format!("'{name}': its layout could not be kept"));
    }
    if merged.conflicts.is_empty() && merged.settings.is_empty() {
        return Ok(Exit::Done);
    }
    for conflict in &merged.conflicts {
        ui.report(&told(path, conflict));
    }
    for setting in &merged.settings {
        let message =
            format!("conflict in '{name}': both branches changed its {setting}; ours is kept");
        let hint = format!("when .sops.yaml is merged: nixseal rekey '{name}'");
        ui.report(&Diagnostic::error(message).hint(hint));
    }
    ui.say(format!(
        "'{name}' is whole and holds our side of these; when they are settled: git add '{name}'"
    ));
    Ok(Exit::Failed)
}

/// A conflict and how to settle it.
fn told(path: &Path, conflict: &Conflict) -> Diagnostic {
    let (name, key) = (path.display(), &conflict.path);
    let Subject::Value { ours, theirs } = conflict.subject else {
        let message =
            format!("conflict in '{name}': both branches changed the comments at '{key}'");
        let hint = format!("ours are kept: change them with nixseal edit '{name}'");
        return Diagnostic::error(message).hint(hint);
    };
    let what = match (ours, theirs) {
        (Change::Removed, _) => format!("we removed '{key}', the other branch changed it"),
        (_, Change::Removed) => format!("we changed '{key}', the other branch removed it"),
        (Change::Added, _) => format!("both branches added '{key}', with different values"),
        (Change::Changed, _) => format!("both branches changed '{key}'"),
    };
    let hint = match theirs {
        Change::Removed => format!("ours is kept; to remove it: nixseal unset '{name}' '{key}'"),
        _ => format!(
            "ours is kept; for theirs: git show ':3:{name}' > theirs && nixseal show theirs \
             --key '{key}' | nixseal set '{name}' '{key}'"
        ),
    };
    let document = match conflict.document {
        0 => String::new(),
        number => format!(" in document {}", number + 1),
    };
    Diagnostic::error(format!("conflict in '{name}'{document}: {what}")).hint(hint)
}

fn failure(path: &Path, error: MergeError) -> Failure {
    let name = path.display();
    let message = format!("cannot merge '{name}': {error}");
    let hints = match error {
        MergeError::Side { error, .. } | MergeError::Result(error) => error.diagnostic().hints,
        _ => Vec::new(),
    };
    let finding = hints
        .into_iter()
        .fold(Diagnostic::error(message), Diagnostic::hint);
    Failure::of(finding.hint(format!(
        "our version is unchanged; for theirs: git checkout --theirs '{name}'"
    )))
}

/// One value a file.
fn is_age(path: &Path, sides: Sides<'_>) -> bool {
    let age = |bytes: &[u8]| OpenFile::parse(bytes).is_ok();
    (age(sides.ours) && age(sides.theirs)) || (is_age_name(path) && age(sides.ours))
}

fn age(session: &Session<'_>, arguments: &GitMerge, path: &Path, sides: Sides<'_>) -> Outcome {
    let name = path.display();
    let keyring = session.keyring(&arguments.identities, None)?;
    let chosen = choose(sides, |side, bytes| open_age(&keyring, side, bytes));
    let hint = format!("our version is unchanged; for theirs: git checkout --theirs '{name}'");
    let (chosen, rekey) = chosen.map_err(|failure| {
        let mut failure = failure.hint(hint.clone());
        if let Some(first) = failure.diagnostics.first_mut() {
            first.message = format!("cannot merge '{name}': {}", first.message);
        }
        failure
    })?;
    match chosen {
        Chosen::Ours => {}
        Chosen::Theirs => fs::replace(&arguments.ours, sides.theirs, Creation::PUBLIC)?,
        Chosen::Neither => {
            let message = format!("conflict in '{name}': both branches changed the secret");
            return Err(Failure::new(message).hint(hint));
        }
    }
    if rekey {
        session.context.ui.say(format!(
            "'{name}': both branches encrypted it anew; see that its recipients are right: \
             nixseal rekey '{name}'"
        ));
    }
    Ok(Exit::Done)
}

/// The value of one version of an `.age` file.
pub(super) fn open_age(
    keyring: &Keyring,
    side: &str,
    content: &[u8],
) -> Result<SecretBytes, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("{side}: {error}"));
    let file = OpenFile::parse(content).map_err(|error| failed(&error))?;
    let file_key = keyring
        .open(file.header().stanzas(), side)
        .map_err(|error| failed(&error))?;
    file.with_file_key(&file_key)
        .and_then(|plaintext| plaintext.read_all(FILE_LIMIT))
        .map_err(|error| failed(&error))
}

/// What is not encrypted is merged as git would without us.
fn as_text(arguments: &GitMerge) -> Outcome {
    let files = [&arguments.ours, &arguments.base, &arguments.theirs];
    let status = process::command("git")
        .args(["merge-file", "-L", "ours", "-L", "base", "-L", "theirs"])
        .args(files)
        .status();
    match status {
        Ok(status) if status.success() => Ok(Exit::Done),
        Ok(_) => Ok(Exit::Failed),
        Err(cause) => Err(Failure::new(format!("cannot run git: {cause}"))),
    }
}
