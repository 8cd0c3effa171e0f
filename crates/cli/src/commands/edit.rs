//! `nixseal edit`.

mod sops;

use std::path::Path;

use nixseal_age::Error;
use nixseal_base::editor::Editor;
use nixseal_repository::edit::{EditError, EditTools, Edited, edit};
use nixseal_repository::rekey::FailureReason;

use super::Session;
use super::target::Target;
use crate::args::Edit;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Opens the user's editor on a secret.
pub(crate) fn run(context: &Context, arguments: &Edit) -> Outcome {
    let session = Session::new(context)?;
    match session.target(&arguments.rules, &arguments.file, None)? {
        Target::Age => age(&session, arguments),
        Target::Sops(file, around) => sops::existing(&session, arguments, *file, &around),
        Target::NewSops(format, around) => sops::new(&session, arguments, format, &around),
    }
}

fn editor(session: &Session<'_>, arguments: &Edit) -> Result<Editor, Failure> {
    let environment = &session.context.environment;
    match &arguments.editor {
        Some(line) => Ok(Editor::new(environment, line)),
        None => Ok(Editor::of_user(environment)?),
    }
}

fn age(session: &Session<'_>, arguments: &Edit) -> Outcome {
    let context = session.context;
    let repository = session.repository(&arguments.rules, Some(&arguments.file))?;
    let mut lock = repository.lock.clone();
    let resolved = session.resolve(&repository, &arguments.file)?;
    let keyring = session.keyring(&arguments.identities, Some(&repository))?;
    let editor = editor(session, arguments)?;
    let tools = EditTools {
        keyring: &keyring,
        editor: &editor,
        environment: &context.environment,
        program: &context.program,
    };
    let name = resolved
        .path
        .strip_prefix(&session.current)
        .unwrap_or(&resolved.path)
        .display();
    let edited =
        edit(resolved.secret, &resolved.path, &tools, Some(&mut lock)).map_err(not_opened)?;
    context.ui.say(match edited {
        Edited::Created => format!("created {name}"),
        Edited::Changed => format!("encrypted {name}"),
        Edited::Unchanged => format!("{name} is unchanged"),
        Edited::NotCreated => format!("{name} was not created: the editor saved nothing"),
    });
    Ok(Exit::Done)
}

/// What to tell of a secret that was not opened.
pub(super) fn not_opened(error: EditError) -> Failure {
    let hint = match &error {
        EditError::NotOpened {
            path,
            reason: FailureReason::Format(Error::NotAge { .. }),
        } => Some(if_in_clear(path)),
        _ => None,
    };
    let failure = Failure::of(error.diagnostic());
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What to do about a file that should be an age file and is none.
pub(super) fn if_in_clear(path: &Path) -> String {
    let path = path.display();
    format!("if that is the secret itself, encrypt it: nixseal set '{path}' < '{path}'")
}
