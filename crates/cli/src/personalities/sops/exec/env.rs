//! `sops exec-env`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nixseal_sops::change::environment::{EnvironmentError, Variable, variables};
use nixseal_sops::{DecryptOptions, EncryptedFile};

use super::user::User;
use super::{arguments, finish, shell, warn_of_background};
use crate::personalities::sops::failure::{Failure, Outcome};
use crate::personalities::sops::session::Session;

/// Runs it.
pub(in crate::personalities::sops) fn run(session: &Session<'_>) -> Outcome {
    let (file, script) = arguments(session)?;
    let file = Path::new(file);
    let format = session.input_format(file)?;
    let order = session.order()?;
    let (background, same) = (
        session.flags.is_on("background"),
        session.flags.is_on("same-process"),
    );
    if background {
        warn_of_background(session, "exec-env");
        if same {
            return Err(Failure::conflict(
                "Error: The --same-process flag cannot be used with --background",
            ));
        }
    }
    let encrypted = EncryptedFile::parse(format, session.read(Some(file))?.expose())?;
    let (mut opened, _) = session.open(encrypted, &order, DecryptOptions::default())?;
    let first = super::super::change::first(&mut opened)?;
    let values = variables(first).map_err(|error| match error {
        EnvironmentError::Zero(name) => Failure::generic("exec: environment variable contains NUL")
            .hint(format_args!("it is '{}'", name.escape_debug())),
        other => Failure::generic(other.to_string()),
    })?;
    drop(opened);
    let mut command = prepared(session, script, &values)?;
    drop(values);
    if same {
        let cause = command.exec();
        return Err(Failure::generic(format!("fork/exec /bin/sh: {cause}")));
    }
    if background {
        let nothing = || Stdio::null();
        command.stdin(nothing()).stdout(nothing()).stderr(nothing());
        return match command.spawn() {
            Ok(_) => Ok(0),
            Err(cause) => Err(Failure::generic(format!("fork/exec /bin/sh: {cause}"))),
        };
    }
    finish(&mut command)
}

/// The command with its environment: what was there, then the user, then the values.
fn prepared(
    session: &Session<'_>,
    script: &OsStr,
    values: &[Variable],
) -> Result<Command, Failure> {
    let mut command = shell(script);
    if session.flags.is_on("pristine") {
        command.env_clear();
    }
    let name = session.flags.text("user");
    if !name.is_empty() {
        let user = User::find(&name)?;
        user.become_it()?;
        command.envs(user.variables());
    }
    // A variable without a name does not reach the command with the original either.
    for Variable { name, value } in values.iter().filter(|value| !value.name.is_empty()) {
        command.env(name, OsStr::from_bytes(value.expose()));
    }
    Ok(command)
}
