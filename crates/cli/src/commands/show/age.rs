//! The plain text of an age file.

use std::path::{Path, PathBuf};

use nixseal_base::secret::SecretBytes;
use nixseal_document::Format;
use nixseal_repository::edit::{EditError, read};
use nixseal_repository::locate::rules_file;
use nixseal_repository::rekey::FailureReason;
use nixseal_repository::sops::named_format;

use crate::args::Show;
use crate::commands::Session;
use crate::commands::edit::not_opened;
use crate::failure::Failure;

/// The text as it is, or what of it was asked for.
pub(super) fn shown(session: &Session<'_>, arguments: &Show) -> Result<SecretBytes, Failure> {
    let path = match arguments.file.exists() {
        true => arguments.file.clone(),
        false => by_rules(session, arguments)?,
    };
    let keyring = session.keyring(&arguments.identities, None)?;
    let current =
        read(&path, &keyring).map_err(|error| explained(session, arguments, &path, error))?;
    let current = current.ok_or_else(|| super::missing(arguments))?;
    if arguments.key.is_none() && super::wanted(arguments).is_none() {
        return Ok(current.plaintext);
    }
    let format = arguments
        .input_format
        .unwrap_or_else(|| format_within(&path));
    super::of_text(arguments, format, &current.plaintext)
}

/// The format of what an age file holds: by the name without `.age`.
fn format_within(path: &Path) -> Format {
    let name = Path::new(path.file_name().unwrap_or_default());
    match name.extension() {
        Some(extension) if extension == "age" => named_format(&name.with_extension("")),
        _ => named_format(name),
    }
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
    not_opened(error)
}
