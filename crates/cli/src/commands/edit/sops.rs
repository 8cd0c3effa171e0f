//! SOPS files in the editor.

use nixseal_base::prompt::Prompter as _;
use nixseal_document::Format;
use nixseal_document::path::Path;
use nixseal_repository::sops::{
    NewSopsFile, SopsEditTools, SopsEdited, SopsError, SopsFile, SopsSubject, edit,
};

use super::editor;
use crate::args::Edit;
use crate::commands::Session;
use crate::commands::sealed::{Written, now, report, say_clear};
use crate::commands::target::{SopsContext, failed};
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::UserPrompter;

/// Edits a file that is there.
pub(super) fn existing(
    session: &Session<'_>,
    arguments: &Edit,
    file: SopsFile,
    around: &SopsContext,
) -> Outcome {
    let keyring = session.sops_keyring(&arguments.identities)?;
    let (format, drift) = (file.format(), around.drift(file.metadata(), file.format()));
    let clear = file.clear_values();
    let open = file
        .open(&keyring.keys(), &around.owners(), false)
        .map_err(failed)?;
    let subject = SopsSubject::File(Box::new(open));
    let edited = run(session, arguments, subject, format, around)?;
    finish(session, around, edited, &clear, "encrypted");
    if let Some(drift) = drift {
        report(session, around, &drift);
    }
    Ok(Exit::Done)
}

/// Makes a file by its creation rule.
pub(super) fn new(
    session: &Session<'_>,
    arguments: &Edit,
    format: Format,
    around: &SopsContext,
) -> Outcome {
    let keyring = session.sops_keyring(&arguments.identities)?;
    let rule = around.required_rule()?;
    let keys = keyring.keys();
    let new = NewSopsFile::prepare(&around.path, format, rule, &keys, &now()).map_err(failed)?;
    let subject = SopsSubject::New(Box::new(new));
    let edited = run(session, arguments, subject, format, around)?;
    finish(session, around, edited, &[], "created");
    Ok(Exit::Done)
}

fn run(
    session: &Session<'_>,
    arguments: &Edit,
    subject: SopsSubject,
    format: Format,
    around: &SopsContext,
) -> Result<SopsEdited, Failure> {
    let context = session.context;
    let editor = editor(session, arguments)?;
    let prompter = UserPrompter::new(&context.environment);
    let again = |error: &SopsError| {
        let question = error.to_string();
        prompter
            .choose(&question, "edit it once more", Some("give up"))
            .unwrap_or(false)
    };
    let tools = SopsEditTools {
        editor: &editor,
        environment: &context.environment,
        program: &context.program,
        again: &again,
        fallback: around.emit_options(format),
        now: now(),
    };
    edit(subject, tools).map_err(|error| Failure::of(error.diagnostic()))
}

fn finish(
    session: &Session<'_>,
    around: &SopsContext,
    edited: SopsEdited,
    clear_before: &[Path],
    verb: &str,
) {
    let ui = &session.context.ui;
    let name = around.path.display();
    match edited {
        SopsEdited::Written(sealed) => {
            ui.say(format!("{verb} {name}"));
            let written = Written {
                sealed: &sealed,
                clear_before,
            };
            say_clear(session, around, &written);
        }
        SopsEdited::Unchanged => ui.say(format!("{name} is unchanged")),
        SopsEdited::NotCreated => {
            ui.say(format!("{name} was not written: the editor saved nothing"));
        }
    }
}
