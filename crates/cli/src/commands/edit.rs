//! `nixseal edit`.

use nixseal_base::editor::Editor;
use nixseal_repository::edit::{EditTools, Edited, edit};

use super::Session;
use crate::args::Edit;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Opens the user's editor on a secret.
pub(crate) fn run(context: &Context, arguments: &Edit) -> Outcome {
    let session = Session::new(context)?;
    let repository = session.repository(&arguments.rules, Some(&arguments.file))?;
    let mut lock = repository.lock.clone();
    let resolved = session.resolve(&repository, &arguments.file)?;
    let keyring = session.keyring(&arguments.identities, Some(&repository))?;
    let environment = &context.environment;
    let editor = match &arguments.editor {
        Some(line) => Editor::new(environment, line),
        None => Editor::of_user(environment)?,
    };
    let tools = EditTools {
        keyring: &keyring,
        editor: &editor,
        environment,
        program: &context.program,
    };
    let name = resolved
        .path
        .strip_prefix(&session.current)
        .unwrap_or(&resolved.path)
        .display();
    let edited = edit(resolved.secret, &resolved.path, &tools, Some(&mut lock))
        .map_err(|error| Failure::of(error.diagnostic()))?;
    context.ui.say(match edited {
        Edited::Created => format!("created {name}"),
        Edited::Changed => format!("encrypted {name}"),
        Edited::Unchanged => format!("{name} is unchanged"),
        Edited::NotCreated => format!("{name} was not created: the editor saved nothing"),
    });
    Ok(Exit::Done)
}
