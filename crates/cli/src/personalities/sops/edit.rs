//! `sops edit`, and `sops` without a command: a file in the user's editor.

mod draft;
mod examples;

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use nixseal_base::editor::{Editor, EditorError};
use nixseal_base::env::{EDITOR, SOPS_EDITOR, XDG_STATE_HOME};
use nixseal_base::fs::{self, Creation};
use nixseal_base::private_dir::PrivateDir;
use nixseal_base::process::find_program;
use nixseal_base::secret::SecretBytes;

use self::draft::{Draft, Refused};
use super::failure::{Failure, Outcome, code};
use super::log;
use super::session::Session;
use super::streams::Content;
use crate::personalities::go_text::{cause_text, path_error, quoted};

/// Larger texts nobody edits.
const TEXT_LIMIT: usize = 1 << 32;

/// Editors to try where none is set.
const EDITORS: [&str; 3] = ["vim", "nano", "vi"];

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let Some(file) = session.file() else {
        return Err(Failure::new(code::NO_FILE, "Error: no file specified"));
    };
    session.warn_of_more_arguments();
    edit(session, &file, &file)
}

/// Edits a file, or begins one; `name` is what rule and types are chosen by.
pub(super) fn edit(session: &Session<'_>, file: &Path, name: &Path) -> Outcome {
    let draft = if file.metadata().is_ok() {
        Draft::of_file(session, file, name)?
    } else {
        Draft::example(session, name)?
    };
    let encrypted = draft_until_good(session, file, draft)?;
    session
        .replace(file, encrypted.expose(), Content::Encrypted)
        .map_err(|failure| {
            let kept = keep(session, file, &encrypted);
            failure.hint(kept)
        })?;
    Ok(0)
}

/// Lets the user edit until the text can be encrypted; gives the encrypted file.
fn draft_until_good(
    session: &Session<'_>,
    file: &Path,
    mut draft: Draft,
) -> Result<SecretBytes, Failure> {
    let context = session.context;
    let folder = PrivateDir::create(&context.environment, &context.program);
    let folder = folder.map_err(|error| {
        Failure::new(
            code::OUTPUT,
            format!("Could not create temporary directory: {error}"),
        )
    })?;
    let name = file.file_name().unwrap_or(std::ffi::OsStr::new("secret"));
    let text_file = folder.write(name, draft.text().expose()).map_err(|cause| {
        let cause = cause_text(&cause);
        Failure::new(
            code::OUTPUT,
            format!("Could not create temporary file: {cause}"),
        )
    })?;
    let editor = editor(session)?;
    let mut refused: Option<SecretBytes> = None;
    loop {
        editor.run(&text_file).map_err(|error| not_run(&error))?;
        let text = fs::read_secret(&text_file, TEXT_LIMIT).map_err(|error| {
            let cause = path_error("open", &text_file, &error.cause);
            Failure::new(code::INPUT, format!("Could not read edited file: {cause}"))
        })?;
        if text == *draft.text() {
            return Err(Failure::new(
                code::UNCHANGED,
                "File has not changed, exiting.",
            ));
        }
        match draft.accept(session, &text)? {
            Ok(encrypted) => return Ok(encrypted),
            Err(Refused { message, reason }) => {
                let message =
                    format!("{message} Press enter to return to the editor, or Ctrl+C to exit.");
                log::error(&context.ui, &message, &reason);
            }
        }
        // Without anybody to press it, an editor that changes nothing more would run for ever.
        let pressed = wait_for_enter();
        if !pressed && refused.as_ref() == Some(&text) {
            return Err(Failure::generic(
                "the edited text cannot be encrypted, and there is nobody to correct it; \
                 the file is unchanged",
            ));
        }
        refused = Some(text);
    }
}

/// Whether somebody pressed Enter.
fn wait_for_enter() -> bool {
    let mut line = Vec::new();
    let read = std::io::stdin().lock().read_until(b'\n', &mut line);
    read.is_ok_and(|count| count > 0)
}

/// `SOPS_EDITOR`, else `EDITOR`, as words of a shell; else what is installed.
fn editor(session: &Session<'_>) -> Result<Editor, Failure> {
    let environment = &session.context.environment;
    let set = [&SOPS_EDITOR, &EDITOR]
        .into_iter()
        .find_map(|variable| Some((variable.name, environment.value(variable)?)));
    let words = match set {
        Some((variable, line)) => {
            let line = line.to_string_lossy();
            let invalid = || failed(&format!("invalid ${variable}: {line}"));
            shlex::split(&line)
                .filter(|words| !words.is_empty())
                .ok_or_else(invalid)?
        }
        None => {
            let found = EDITORS
                .into_iter()
                .find(|name| find_program(environment, name).is_some());
            let none = || {
                failed("no editor available: set SOPS_EDITOR or EDITOR, or install vim, nano or vi")
            };
            vec![found.ok_or_else(none)?.to_owned()]
        }
    };
    Ok(Editor::of_words(environment, words))
}

fn not_run(error: &EditorError) -> Failure {
    match error {
        EditorError::Failed { status, .. } => match status.code() {
            Some(number) => failed(&format!("exit status {number}")),
            None => failed(&status.to_string()),
        },
        EditorError::NotStarted { line, cause } => {
            let program = line.split(' ').next().unwrap_or(line);
            if cause.kind() == std::io::ErrorKind::NotFound && !program.contains('/') {
                let program = quoted(program);
                return failed(&format!(
                    "exec: {program}: executable file not found in $PATH"
                ));
            }
            failed(&format!("{program}: {}", cause_text(cause)))
        }
        EditorError::NotFound => failed(&error.to_string()),
    }
}

fn failed(reason: &str) -> Failure {
    Failure::new(code::EDITOR, format!("Could not run editor: {reason}"))
}

/// Puts a file that could not be written somewhere else; gives where.
fn keep(session: &Session<'_>, file: &Path, encrypted: &SecretBytes) -> String {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".recovered");
    let environment = &session.context.environment;
    let state = environment
        .path(&XDG_STATE_HOME)
        .or_else(|| Some(environment.home()?.join(".local/state")));
    let mut places: Vec<PathBuf> = vec![file.with_file_name(&name)];
    places.extend(state.map(|folder| folder.join("nixseal").join(&name)));
    places.push(std::env::temp_dir().join(&name));
    let creation = Creation {
        mode: 0o600,
        parents: true,
    };
    for place in places {
        if fs::replace(&place, encrypted.expose(), creation).is_ok() {
            return format!(
                "what you typed is kept, encrypted, in '{}'",
                place.display()
            );
        }
    }
    "what you typed could not be written anywhere and is lost".to_owned()
}
