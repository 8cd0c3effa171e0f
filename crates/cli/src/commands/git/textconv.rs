//! `nixseal git textconv`: an encrypted file as a text for `git diff`.

use std::path::Path;

use nixseal_base::fs;
use nixseal_git::textconv::masked;
use nixseal_repository::FILE_LIMIT;
use nixseal_repository::sops::discover::Content;
use nixseal_sops::key_groups::Owners;

use crate::args::{GitTextconv, RulesArgs};
use crate::commands::Session;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Prints it. A version that cannot be opened is printed masked: one of them must not keep a whole
/// history from being shown.
pub(super) fn run(context: &Context, arguments: &GitTextconv) -> Outcome {
    let session = Session::new(context)?;
    let content = fs::read(&arguments.file, FILE_LIMIT)?;
    if arguments.values {
        match plaintext(&session, arguments, &content) {
            Ok(true) => return Ok(Exit::Done),
            Ok(false) => {}
            Err(failure) => {
                for diagnostic in &failure.diagnostics {
                    context.ui.report(diagnostic);
                }
            }
        }
    }
    // Git gives a copy elsewhere; whose keys they are stands in the rules of this repository.
    let rules = RulesArgs { rules: None };
    let owners = match session.sops_rules(&rules, Path::new("secrets")) {
        Ok(Some(rules)) => rules.owners().clone(),
        _ => Owners::default(),
    };
    match masked(&arguments.file, &content, &owners) {
        Some(text) => context.ui.data(text.as_bytes()),
        None => context.ui.data(&content),
    }
    Ok(Exit::Done)
}

/// Prints the values; false when the file is not encrypted.
fn plaintext(
    session: &Session<'_>,
    arguments: &GitTextconv,
    content: &[u8],
) -> Result<bool, Failure> {
    let text = match Content::of(&arguments.file, content) {
        Content::Encrypted(file) => {
            let keyring = session.sops_keyring(&arguments.identities)?;
            let open = file.open(&keyring.keys(), &Owners::default(), true);
            open.and_then(|file| file.plaintext(&Default::default()))
                .map_err(|error| Failure::of(error.diagnostic()))?
        }
        Content::Other if !content.is_empty() => {
            let keyring = session.keyring(&arguments.identities, None)?;
            super::merge::open_age(&keyring, "the file", content)?
        }
        _ => return Ok(false),
    };
    session.context.ui.data(text.expose());
    Ok(true)
}
