//! `nixseal show`.

use nixseal_repository::edit::read;
use nixseal_repository::locate::rules_file;

use super::Session;
use crate::args::Show;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Prints a secret. Rules are only needed where the file is named as they do.
pub(crate) fn run(context: &Context, arguments: &Show) -> Outcome {
    let session = Session::new(context)?;
    let direct = session.current.join(&arguments.file);
    let path = if direct.exists() {
        direct
    } else {
        by_rules(&session, arguments)?
    };
    let keyring = session.keyring(&arguments.identities, None)?;
    let current = read(&path, &keyring).map_err(|error| Failure::of(error.diagnostic()))?;
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

fn by_rules(session: &Session<'_>, arguments: &Show) -> Result<std::path::PathBuf, Failure> {
    let environment = &session.context.environment;
    let file = &arguments.file;
    let explicit = arguments.rules.rules.as_deref();
    if rules_file(explicit, environment, Some(file), &session.current).is_err() {
        return Ok(session.current.join(file));
    }
    let repository = session.repository(&arguments.rules, Some(file))?;
    Ok(session.resolve(&repository, file)?.path)
}
