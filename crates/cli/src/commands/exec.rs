//! `nixseal exec`: a command with secrets in its environment, or in files of its own.
//!
//! This process becomes the command, so that nothing stands between it and whoever started it.
//! Everything is opened before; arguments never hold a secret.

mod opened;
mod wish;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use nixseal_base::memory_file::MemoryFile;
use nixseal_base::process;
use nixseal_base::secret::SecretBytes;

use self::opened::Opened;
use self::wish::Wish;
use super::Session;
use crate::args::Exec;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Opens all secrets and becomes the command.
pub(crate) fn run(context: &Context, arguments: &Exec) -> Outcome {
    let [program, rest @ ..] = arguments.command.as_slice() else {
        return Err(Failure::usage("no command to run"));
    };
    let session = Session::new(context)?;
    let env = Wish::all(&arguments.env, &session.current)?;
    let file = Wish::all(&arguments.file, &session.current)?;
    let mut paths: Vec<PathBuf> = arguments.files.clone();
    paths.extend(env.iter().chain(&file).map(|wish| wish.path.clone()));
    let opened = Opened::all(&session, arguments, &paths)?;

    let mut variables = Variables::default();
    for wish in &env {
        let value = get(&opened, &wish.path)?.text(wish.key.as_ref())?;
        variables.wished(&wish.name, value)?;
    }
    // Kept open until this process is the command.
    let mut files = Vec::with_capacity(file.len());
    for wish in &file {
        let content = get(&opened, &wish.path)?.bytes(wish.key.as_ref())?;
        let failed = |cause| {
            Failure::new(format!(
                "cannot make a file in memory for '{}': {cause}",
                wish.name
            ))
        };
        let made = MemoryFile::new(content.expose()).map_err(failed)?;
        let path = made.path().into_os_string().into_vec();
        variables.wished(&wish.name, SecretBytes::new(path))?;
        files.push(made);
    }
    for path in &arguments.files {
        for (name, value) in get(&opened, path)?.variables()? {
            variables.found(name, value, path)?;
        }
    }
    drop(opened);
    let program = Program {
        name: program,
        found: program
            .to_str()
            .and_then(|name| process::find_program(&context.environment, name)),
        arguments: rest,
        pristine: arguments.pristine,
    };
    Err(program.take_over(variables))
}

fn get<'o>(opened: &'o BTreeMap<PathBuf, Opened>, path: &PathBuf) -> Result<&'o Opened, Failure> {
    let missing = || Failure::new(format!("'{}' was not opened", path.display()));
    opened.get(path).ok_or_else(missing)
}

/// What this process becomes.
struct Program<'a> {
    name: &'a OsStr,
    /// Where the user's `PATH` has it.
    found: Option<PathBuf>,
    arguments: &'a [OsString],
    pristine: bool,
}

impl Program<'_> {
    /// Comes back only when it fails.
    fn take_over(&self, variables: Variables) -> Failure {
        let path = self
            .found
            .as_deref()
            .map_or(self.name, |path| path.as_os_str());
        let mut command = process::command(path);
        command.arg0(self.name).args(self.arguments);
        if self.pristine {
            command.env_clear();
        }
        for (name, (value, _)) in variables.0 {
            command.env(name, OsStr::from_bytes(value.expose()));
        }
        let cause = command.exec();
        let exit = match cause.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::NotRun,
        };
        let name = self.name.to_string_lossy();
        let mut failure = Failure::new(format!("cannot run '{name}': {cause}"));
        if cause.kind() == io::ErrorKind::ArgumentListTooLong {
            failure = failure.hint(
                "the system takes variables of 128 KiB at most: give a longer value with --file",
            );
        }
        Failure { exit, ..failure }
    }
}

/// Names with values, and where they come from; none for those that were wished for.
#[derive(Default)]
struct Variables(BTreeMap<String, (SecretBytes, Option<PathBuf>)>);

impl Variables {
    fn found(&mut self, name: String, value: SecretBytes, path: &Path) -> Result<(), Failure> {
        check(&name, &value)?;
        match self.0.get(&name) {
            // What was wished for by name goes first.
            Some((_, None)) => return Ok(()),
            None => {}
            Some((_, Some(other))) => {
                return Err(Failure::new(format!(
                    "'{}' and '{}' both have a value for '{name}'",
                    other.display(),
                    path.display()
                ))
                .hint(format!("say which: --env {name}=FILE:KEY")));
            }
        }
        self.0.insert(name, (value, Some(path.to_owned())));
        Ok(())
    }

    fn wished(&mut self, name: &str, value: SecretBytes) -> Result<(), Failure> {
        check(name, &value)?;
        if let Some((_, None)) = self.0.insert(name.to_owned(), (value, None)) {
            return Err(Failure::usage(format!("'{name}' is given twice")));
        }
        Ok(())
    }
}

fn check(name: &str, value: &SecretBytes) -> Result<(), Failure> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Failure::new(format!("'{name}' cannot be a variable")));
    }
    if value.expose().contains(&0) {
        return Err(Failure::new(format!(
            "the value for '{name}' has a zero byte, which no variable can hold"
        ))
        .hint(format!("give it as a file: --file {name}=FILE")));
    }
    Ok(())
}
