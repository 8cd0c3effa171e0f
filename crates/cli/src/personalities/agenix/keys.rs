//! Which identities agenix uses: those given, else `~/.ssh/id_rsa` and
//! `~/.ssh/id_ed25519`. Each has to be usable, whatever the others open.

use std::path::{Path, PathBuf};

use nixseal_age::keyring::{Flavour, Keyring, Source, default_sources};

use super::arguments::Request;
use super::folder::silent;
use crate::commands::Session;
use crate::failure::Failure;
use crate::input::{KEY_LIMIT, standard_input};

/// The keyring to open `file`, a name for messages, and others.
pub(super) fn keyring(
    session: &Session<'_>,
    request: &Request,
    file: &str,
) -> Result<Keyring, Failure> {
    let mut builder = Keyring::builder(&session.asks);
    let given = &request.identities;
    let paths = if given.is_empty() {
        default_keys(session)
    } else {
        given.clone()
    };
    if paths.is_empty() {
        return Err(no_identity(session, file));
    }
    for path in paths {
        request.tell(session, || format!("identity: {}", path.display()));
        builder = builder.source(if path == Path::new("-") {
            Source::bytes("standard input", standard_input(KEY_LIMIT)?).required()
        } else {
            Source::file(path).required()
        });
    }
    Ok(builder.build()?)
}

/// Those default keys that exist.
pub(in crate::personalities) fn default_keys(session: &Session<'_>) -> Vec<PathBuf> {
    let sources = default_sources(&session.context.environment, Flavour::Agenix);
    let paths = sources.iter().map(|source| PathBuf::from(source.name()));
    paths.filter(|path| path.is_file()).collect()
}

fn no_identity(session: &Session<'_>, file: &str) -> Failure {
    let home = session.context.environment.home().unwrap_or_default();
    let ssh = home.join(".ssh");
    session.context.ui.say(format!(
        "No identity found to decrypt {file}. Try adding an SSH key at {} or {} or using the \
         --identity flag to specify a file.",
        ssh.join("id_rsa").display(),
        ssh.join("id_ed25519").display()
    ));
    silent()
}
