//! `agenix` as its users know it (version 0.15): its options, exit codes (0 and
//! 1, no others), wording and paths. Where it differs on purpose is a table in
//! `docs/reference/drop-ins/agenix.md`.

mod arguments;
pub(super) mod batch;
pub(super) mod change;
pub(super) mod folder;
mod help;
pub(super) mod keys;
mod rekey;

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::Path;

use nixseal_base::editor::Editor;
use nixseal_base::env::{EDITOR, VISUAL};
use nixseal_base::secret::SecretBytes;
use nixseal_repository::edit::{Current, read, readers, type_in};
use nixseal_repository::rekey::FailureReason;
use nixseal_repository::{FILE_LIMIT, Preference};

use self::arguments::{Action, Arguments, Request};
use self::change::{Change, Had, failed, not_opened};
use self::folder::{Folder, Place};
use crate::commands::Session;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::input::open_standard_input;

/// Runs `agenix` with `words`; gives the exit code.
pub(super) fn run(context: &Context, words: &[OsString]) -> u8 {
    let request = match arguments::parse(words) {
        Arguments::Help { asked } => {
            context.ui.line(help::text());
            return u8::from(!asked);
        }
        Arguments::Incomplete(message) => {
            context.ui.line(message);
            return Exit::Failed as u8;
        }
        Arguments::Request(request) => request,
    };
    context.ui.conclude(perform(context, &request))
}

fn perform(context: &Context, request: &Request) -> Outcome {
    let session = Session::new(context)?;
    let file = match &request.action {
        Action::Edit(file) | Action::Decrypt(file) => Some(file),
        Action::Rekey(files) => files.first(),
    };
    let place = Place::find(
        &session,
        request.rules.as_deref(),
        file.map(Path::new),
        Preference::Literal,
    )?;
    request.tell(&session, || format!("rules: {}", place.path.display()));
    let rules = session.rules_at(&place.path)?;
    let mut folder = Folder::new(&session, place, rules)?;
    match &request.action {
        Action::Edit(file) => edit(&session, request, &mut folder, file),
        Action::Decrypt(file) => decrypt(&session, request, &folder, file),
        Action::Rekey(files) => rekey::run(&session, request, &mut folder, files),
    }
}

impl Request {
    /// Says a step, where `-v` asks for it.
    fn tell(&self, session: &Session<'_>, step: impl FnOnce() -> String) {
        if self.verbose {
            session.context.ui.say(format!("+ {}", step()));
        }
    }
}

/// Prints what a file holds. A file that is not there is nothing; its rule is
/// needed although its recipients are not.
fn decrypt(session: &Session<'_>, request: &Request, folder: &Folder, file: &OsStr) -> Outcome {
    let found = folder.find_to_read(session, file)?;
    let path = found.existing();
    if !path.is_file() {
        return Ok(Exit::Done);
    }
    let keyring = keys::keyring(session, request, &file.to_string_lossy())?;
    request.tell(session, || format!("decrypt: {}", path.display()));
    if let Some(current) = read(&path, &keyring).map_err(|error| not_opened(error, words))? {
        session.context.ui.data(current.plaintext.expose());
    }
    Ok(Exit::Done)
}

/// age's words for why a file was not opened, which scripts look for.
fn words(reason: &FailureReason) -> Option<&'static str> {
    match reason {
        FailureReason::NotOpened(_) => Some("no identity matched any of the recipients"),
        _ => None,
    }
}

/// Where new content comes from.
enum Source {
    /// What is there: `EDITOR=:` encrypts it anew.
    AsIs,
    /// Standard input, because it is no terminal.
    Input,
    /// The user.
    Editor(Editor),
}

impl Source {
    fn choose(session: &Session<'_>, request: &Request) -> Result<Self, Failure> {
        let environment = &session.context.environment;
        let line = environment.value(&EDITOR);
        if line == Some(OsStr::new(":")) {
            return Ok(Self::AsIs);
        }
        if !io::stdin().is_terminal() {
            if request.identities.iter().any(|path| path == Path::new("-")) {
                return Err(Failure::new(
                    "standard input cannot be both the identity and the new content",
                )
                .hint("name the identity's file with -i"));
            }
            return Ok(Self::Input);
        }
        let line = line.or_else(|| environment.value(&VISUAL));
        Ok(Self::Editor(match line {
            Some(line) => Editor::new(environment, line),
            None => Editor::installed(environment)?,
        }))
    }
}

fn edit(session: &Session<'_>, request: &Request, folder: &mut Folder, file: &OsStr) -> Outcome {
    let ui = &session.context.ui;
    let name = file.to_string_lossy();
    let source = Source::choose(session, request)?;
    let mut lock = folder.lock.take();
    let found = folder.find(session, file)?;
    found.warn_of_other_file(session);
    let secret = found.secret;
    readers(secret).map_err(failed)?;
    let current = match found.path.is_file() {
        true => read(&found.path, &keys::keyring(session, request, &name)?)
            .map_err(|error| not_opened(error, words))?,
        false => None,
    };
    let Some(text) = new_content(session, &source, &found.path, current.as_ref())? else {
        ui.say(format!("{name} wasn't created."));
        return Ok(Exit::Done);
    };
    let unchanged = current
        .as_ref()
        .is_some_and(|current| current.plaintext == text);
    if unchanged && !matches!(source, Source::AsIs) {
        ui.say(format!("{name} wasn't changed, skipping re-encryption."));
        return Ok(Exit::Done);
    }
    request.tell(session, || format!("encrypt: {}", found.path.display()));
    let change = Change {
        session,
        secret,
        path: &found.path,
        name: &name,
        refuse_empty: request.refuse_empty,
        typed: matches!(source, Source::Editor(_)),
    };
    change.write(&text, &Had::of(current.as_ref()), lock.as_mut())?;
    Ok(Exit::Done)
}

/// The new content; `None` where the editor left none.
fn new_content(
    session: &Session<'_>,
    source: &Source,
    path: &Path,
    current: Option<&Current>,
) -> Result<Option<SecretBytes>, Failure> {
    let plaintext = current.map(|current| &current.plaintext);
    match source {
        Source::AsIs => Ok(plaintext.map(SecretBytes::duplicate)),
        // agenix copies nothing over the file then, so that it stays as it is.
        Source::Input => Ok(match open_standard_input(FILE_LIMIT)? {
            None => plaintext.map(SecretBytes::duplicate),
            input => input,
        }),
        Source::Editor(editor) => {
            let context = session.context;
            // The whole name, as agenix calls the file that the editor sees.
            let name = path.file_name().unwrap_or(OsStr::new("secret"));
            let content = plaintext.map(SecretBytes::expose);
            type_in(
                path,
                name,
                content,
                editor,
                &context.environment,
                &context.program,
            )
            .map_err(failed)
        }
    }
}
