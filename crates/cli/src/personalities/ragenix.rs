//! `ragenix` as its users know it: its options, exit codes (0, 1, and 2 for
//! wrong usage), wording and paths. Where it differs on purpose is a table in
//! `docs/reference/drop-ins/ragenix.md`.

mod arguments;
mod editor;
mod keys;
mod rules;
mod schema;

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

use clap::Parser as _;
use nixseal_base::editor::Editor;
use nixseal_base::env::{EDITOR, VISUAL};
use nixseal_base::secret::SecretBytes;
use nixseal_repository::edit::{Before, Current, EditError, read, type_in};
use nixseal_repository::rekey::FailureReason;
use nixseal_repository::{FILE_LIMIT, FileState, Secret};

use self::arguments::Arguments;
use self::editor::Chosen;
use super::agenix::batch;
use super::agenix::change::{Change, Had, failed, not_opened};
use super::agenix::folder::{Folder, Found};
use crate::commands::Session;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::input::input_or_nothing;

/// Runs `ragenix` with `words`; gives the exit code.
pub(super) fn run(context: &Context, words: &[OsString]) -> u8 {
    let name = OsString::from("ragenix");
    let parsed = Arguments::try_parse_from(std::iter::once(&name).chain(words));
    let arguments = match parsed.and_then(Arguments::checked) {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.render().to_string();
            if error.use_stderr() {
                context.ui.say(text.trim_end());
                return Exit::Usage as u8;
            }
            context.ui.data(text.as_bytes());
            return Exit::Done as u8;
        }
    };
    if arguments.schema {
        context.ui.data(schema::TEXT.as_bytes());
        return Exit::Done as u8;
    }
    context.ui.conclude(perform(context, &arguments))
}

fn perform(context: &Context, arguments: &Arguments) -> Outcome {
    let session = Session::new(context)?;
    let rules = rules::read(&session, arguments)?;
    if arguments.verbose {
        context.ui.line(rules.listing());
    }
    let keys = rules.keys();
    let mut folder = rules.folder(&session)?;
    let run = Run {
        session: &session,
        arguments,
        keys,
    };
    if let Some(file) = &arguments.edit {
        run.edit(&mut folder, file)
    } else if let Some(file) = &arguments.decrypt {
        run.decrypt(&folder, file)
    } else {
        run.rekey(&mut folder)
    }
}

/// One run of a command line.
struct Run<'a> {
    session: &'a Session<'a>,
    arguments: &'a Arguments,
    keys: rules::Keys,
}

impl Run<'_> {
    fn edit(&self, folder: &mut Folder, file: &Path) -> Outcome {
        let mut lock = folder.lock.take();
        let found = self.find(folder, file.as_os_str())?;
        let (editor, chosen) = self.editor()?;
        let name = found.path.display().to_string();
        let exists = found.path.exists();
        self.check_recipients(found.secret)?;
        let mut had = Had {
            content: exists,
            before: Before::default(),
        };
        let typed = matches!(chosen, Chosen::Command { .. });
        let text = match chosen {
            Chosen::Input => input_or_nothing(FILE_LIMIT)?,
            // The editor finds an empty file, and what it leaves is taken.
            Chosen::Command { program } if !exists => {
                self.typed(&found, &editor, &program, None)?
            }
            Chosen::Command { program } => {
                let current = self.open(&found.path)?;
                had = Had::of(current.as_ref());
                let text = self.typed(&found, &editor, &program, current.as_ref())?;
                if current.is_some_and(|current| current.plaintext == text) {
                    let ui = &self.session.context.ui;
                    ui.line(format!("{name} wasn't changed, skipping re-encryption."));
                    return Ok(Exit::Done);
                }
                text
            }
        };
        writable(&found.path)?;
        let change = Change {
            session: self.session,
            secret: found.secret,
            path: &found.path,
            name: &name,
            refuse_empty: self.arguments.refuse_empty,
            typed,
        };
        change.write(&text, &had, lock.as_mut())?;
        Ok(Exit::Done)
    }

    fn decrypt(&self, folder: &Folder, file: &Path) -> Outcome {
        let found = self.find(folder, file.as_os_str())?;
        let Some(current) = self.open(&found.path)? else {
            return Err(Failure::new(format!(
                "'{}' does not exist",
                found.path.display()
            )));
        };
        self.session.context.ui.data(current.plaintext.expose());
        Ok(Exit::Done)
    }

    fn rekey(&self, folder: &mut Folder) -> Outcome {
        let mut lock = folder.lock.take();
        let found = match self.arguments.files.as_slice() {
            [] => folder.all(self.session),
            files => {
                let one = |file: &std::path::PathBuf| self.find(folder, file.as_os_str());
                files.iter().map(one).collect::<Result<_, _>>()?
            }
        };
        let keyring = keys::keyring(self.session, &self.arguments.identity)?;
        found
            .iter()
            .try_for_each(|one| self.check_recipients(one.secret))?;
        let secrets = found
            .into_iter()
            .map(|one| (one.secret, one.path))
            .collect();
        let items = batch::prepare(self.session, &folder.repository, secrets)?;
        for item in &items {
            let verb = match item.state {
                FileState::Missing => "Does not exist, ignored:",
                _ => "Rekeying",
            };
            self.session
                .context
                .ui
                .line(format!("{verb} {}", item.path.display()));
        }
        for item in items.iter().filter(|item| batch::is_there(item)) {
            writable(&item.path).map_err(|failure| failure.hint("nothing was changed"))?;
        }
        batch::execute(&items, &keyring, lock.as_mut(), words)?;
        Ok(Exit::Done)
    }

    /// The rule and the file that were named.
    fn find<'f>(&self, folder: &'f Folder, file: &OsStr) -> Result<Found<'f>, Failure> {
        folder.resolve(self.session, file).ok_or_else(|| {
            Failure::new(format!(
                "No rule for the given file {}",
                file.to_string_lossy()
            ))
            .hint(format!("the rules are in '{}'", folder.shown))
        })
    }

    fn check_recipients(&self, secret: &Secret) -> Result<(), Failure> {
        let keys = self
            .keys
            .get(&secret.name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        rules::check_recipients(self.session, keys)
    }

    /// What a file says, where there is one.
    fn open(&self, path: &Path) -> Result<Option<Current>, Failure> {
        let keyring = keys::keyring(self.session, &self.arguments.identity)?;
        read(path, &keyring).map_err(|error| not_opened(error, words))
    }

    /// `--editor`, `EDITOR`, `VISUAL`, or what is installed.
    fn editor(&self) -> Result<(Editor, Chosen), Failure> {
        let environment = &self.session.context.environment;
        let named = self.arguments.editor.as_deref();
        let line = named.or_else(|| environment.value(&EDITOR));
        let Some(line) = line.or_else(|| environment.value(&VISUAL)) else {
            let program = "editor".to_owned();
            return Ok((Editor::installed(environment)?, Chosen::Command { program }));
        };
        let chosen = editor::choose(&line.to_string_lossy())?;
        Ok((Editor::new(environment, line), chosen))
    }

    /// What the editor leaves.
    fn typed(
        &self,
        found: &Found<'_>,
        editor: &Editor,
        program: &str,
        current: Option<&Current>,
    ) -> Result<SecretBytes, Failure> {
        let context = self.session.context;
        let content = current.map_or(&b""[..], |current| current.plaintext.expose());
        let name = found.path.file_name().unwrap_or(OsStr::new("secret"));
        let typed = type_in(
            &found.path,
            name,
            Some(content),
            editor,
            &context.environment,
            &context.program,
        )
        .map_err(|error| match &error {
            EditError::Editor { source, .. } => Failure::new(editor::failure(program, source))
                .hint(format!("'{}' is unchanged", found.path.display())),
            _ => failed(error),
        })?;
        typed.ok_or_else(|| {
            Failure::new(format!(
                "the editor left no file; '{}' is unchanged",
                found.path.display()
            ))
        })
    }
}

/// Refuses a file that is write-protected, which ragenix would write into.
fn writable(path: &Path) -> Result<(), Failure> {
    match OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Failure::new(format!(
            "Failed to open file '{}': {error}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// ragenix's words for why a file was not opened.
fn words(reason: &FailureReason) -> Option<&'static str> {
    match reason {
        FailureReason::NotOpened(failure)
            if failure.stanzas.iter().any(|stanza| stanza.kind == "scrypt") =>
        {
            Some("Agenix does not support passphrases")
        }
        FailureReason::NotOpened(_) => Some("No matching keys found"),
        _ => None,
    }
}
