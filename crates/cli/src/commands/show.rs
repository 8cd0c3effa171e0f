//! `nixseal show`.

use std::path::{Path, PathBuf};

use nixseal_repository::edit::{EditError, read};
use nixseal_repository::locate::rules_file;
use nixseal_repository::rekey::FailureReason;

use super::Session;
use crate::args::Show;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Prints a secret. Rules are only needed where the file is named as they do,
/// and to say whose the keys are that it is encrypted to.
pub(crate) fn run(context: &Context, arguments: &Show) -> Outcome {
    let session = Session::new(context)?;
    let path = match arguments.file.exists() {
        true => arguments.file.clone(),
        false => by_rules(&session, arguments)?,
    };
    let keyring = session.keyring(&arguments.identities, None)?;
    let current =
        read(&path, &keyring).map_err(|error| explained(&session, arguments, &path, error))?;
    let Some(current) = current else {
        return Err(
            Failure::new(format!("'{}' does not exist", arguments.file.display())).hint(format!(
                "create it with `nixseal edit {}`",
                arguments.file.display()
            )),
        );
    };
    context.ui.data(current.plaintext.expose());
    Ok(Exit::Done)
}

fn by_rules(session: &Session<'_>, arguments: &Show) -> Result<PathBuf, Failure> {
    let environment = &session.context.environment;
    let file = &arguments.file;
    let explicit = arguments.rules.rules.as_deref();
    if rules_file(explicit, environment, Some(file), &session.current).is_err() {
        return Ok(file.clone());
    }
    let repository = session.repository(&arguments.rules, Some(file))?;
    Ok(session.resolve(&repository, file)?.path)
}

/// Gives the stanzas of a file that nothing opens the names that rules have for
/// their keys, where there are rules.
fn explained(
    session: &Session<'_>,
    arguments: &Show,
    path: &Path,
    mut error: EditError,
) -> Failure {
    if let EditError::NotOpened {
        reason: FailureReason::NotOpened(failure),
        ..
    } = &mut error
        && let Ok(repository) = session.repository(&arguments.rules, Some(path))
    {
        for reader in repository
            .secrets
            .iter()
            .flat_map(|secret| secret.readers.iter().flatten())
        {
            let tag = reader.recipient.ssh_tag();
            for stanza in failure
                .stanzas
                .iter_mut()
                .filter(|stanza| stanza.ssh_tag.is_some())
            {
                if stanza.ssh_tag == tag {
                    stanza.known_as = Some(reader.label.clone());
                }
            }
        }
    }
    Failure::of(error.diagnostic())
}
