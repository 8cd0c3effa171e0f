//! `sops exec-file`.
//!
//! The decrypted file is a named pipe, or with `--no-fifo` a file in memory, in a folder that only
//! the user can enter and that goes with this process, however it ends.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use nixseal_base::env::NIXSEAL_ALLOW_DISK;
use nixseal_base::private_dir::{PrivateDir, PrivateDirError};
use nixseal_base::secret::SecretBytes;

use super::user::User;
use super::{arguments, finish, shell, warn_of_background};
use crate::personalities::go_text::{cause_text, path_error};
use crate::personalities::sops::decrypt;
use crate::personalities::sops::failure::{Failure, Outcome};
use crate::personalities::sops::session::Session;

/// Name of the file where none is asked for.
const NAME: &str = "tmp-file";

/// Runs it.
pub(in crate::personalities::sops) fn run(session: &Session<'_>) -> Outcome {
    let (file, script) = arguments(session)?;
    let file = Path::new(file);
    let plain = decrypt::decrypt(session, Some(file), file)?;
    let background = session.flags.is_on("background");
    if background {
        warn_of_background(session, "exec-file");
    }
    let user = session.flags.text("user");
    let user = if user.is_empty() {
        None
    } else {
        let user = User::find(&user)?;
        user.become_it()?;
        Some(user)
    };
    let name = local_name(session)?;
    // Nobody would be there to fill a pipe for a command in the background.
    let pipe = !session.flags.is_on("no-fifo") && !background;
    let folder = folder(session, pipe)?;
    let path = if pipe {
        serve(&folder, name.as_deref().unwrap_or(Path::new(NAME)), plain)?
    } else {
        write(&folder, name, &plain)?
    };
    let mut command = shell(&filled_in(script, path.as_os_str()));
    if let Some(user) = &user {
        command.envs(user.variables());
    }
    if background {
        return leave(command, folder);
    }
    let outcome = finish(&mut command);
    drop(folder);
    outcome
}

/// Starts a command and goes; the folder stays until it has ended.
fn leave(mut command: Command, folder: PrivateDir) -> Outcome {
    let held = folder.hand_over();
    let output = held.map_or_else(Stdio::null, Stdio::from);
    command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::null());
    match command.spawn() {
        Ok(_) => Ok(0),
        Err(cause) => Err(Failure::generic(format!("fork/exec /bin/sh: {cause}"))),
    }
}

/// `--filename`, if it stays within the folder.
fn local_name(session: &Session<'_>) -> Result<Option<PathBuf>, Failure> {
    let Some(name) = session.flags.path("filename") else {
        return Ok(None);
    };
    let mut clean = PathBuf::new();
    for component in name.components() {
        let inside = match component {
            Component::CurDir => true,
            Component::Normal(part) => {
                clean.push(part);
                true
            }
            Component::ParentDir => clean.pop(),
            Component::RootDir | Component::Prefix(_) => false,
        };
        if !inside {
            return Err(Failure::generic(
                "The provided filename is not a local path.",
            ));
        }
    }
    if clean.as_os_str().is_empty() {
        return Err(Failure::generic("open .: is a directory"));
    }
    Ok(Some(clean))
}

/// A private folder; for a named pipe any file system will do, since no text gets there.
fn folder(session: &Session<'_>, pipe: bool) -> Result<PrivateDir, Failure> {
    let context = session.context;
    let create = |environment| PrivateDir::create(environment, &context.program);
    let folder = match create(&context.environment) {
        Err(PrivateDirError::NoMemory { .. }) if pipe => {
            create(&context.environment.clone().with(&NIXSEAL_ALLOW_DISK, "1"))
        }
        other => other,
    };
    folder.map_err(|error| Failure::generic(error.to_string()))
}

/// Makes a named pipe and gives the text to whoever reads it first.
fn serve(folder: &PrivateDir, name: &Path, plain: SecretBytes) -> Result<PathBuf, Failure> {
    let path = folder.path().join(name);
    make_pipe(&path).map_err(|cause| Failure::generic(cause_text(&cause)))?;
    let pipe = path.clone();
    // Opening waits for a reader. Without one this thread ends with the process.
    std::thread::spawn(move || {
        if let Ok(mut pipe) = std::fs::File::options().write(true).open(pipe) {
            let _ = pipe.write_all(plain.expose());
        }
    });
    Ok(path)
}

/// A pipe with a name, for its owner only.
#[cfg(target_os = "linux")]
fn make_pipe(path: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, Mode, mkfifoat};
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).map_err(Into::into)
}

/// A pipe with a name, for its owner only; the call is not to be had without `unsafe` here.
#[cfg(not(target_os = "linux"))]
fn make_pipe(path: &Path) -> std::io::Result<()> {
    let mut command = nixseal_base::process::command("mkfifo");
    let status = command.args(["-m", "600"]).arg(path).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(std::io::Error::other("mkfifo failed")),
    }
}

fn write(
    folder: &PrivateDir,
    name: Option<PathBuf>,
    plain: &SecretBytes,
) -> Result<PathBuf, Failure> {
    let name = match name {
        Some(name) => name,
        None => {
            let mut number = [0; 4];
            getrandom::fill(&mut number).map_err(|error| Failure::generic(error.to_string()))?;
            PathBuf::from(format!("{NAME}{}", u32::from_le_bytes(number)))
        }
    };
    folder
        .write(name.as_os_str(), plain.expose())
        .map_err(|cause| Failure::generic(path_error("open", &folder.path().join(&name), &cause)))
}

/// The command with the path of the file at every `{}`.
fn filled_in(script: &OsStr, path: &OsStr) -> OsString {
    let mut filled = Vec::with_capacity(script.len() + path.len());
    let mut rest = script.as_bytes();
    while let Some(at) = rest.windows(2).position(|two| two == b"{}") {
        let (before, after) = rest.split_at(at);
        filled.extend_from_slice(before);
        filled.extend_from_slice(path.as_bytes());
        rest = after.get(2..).unwrap_or_default();
    }
    filled.extend_from_slice(rest);
    OsString::from_vec(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_replaced() {
        let filled = |script: &str| filled_in(script.as_ref(), "/p".as_ref());
        assert_eq!(filled("cat {} {}; {x} {"), "cat /p /p; {x} {");
        assert_eq!(filled("{}{}"), "/p/p");
        assert_eq!(filled("true"), "true");
    }
}
