//! What `exec-env` and `exec-file` have in common: the command they run, as whom and how it ends.

pub(super) mod env;
pub(super) mod file;
mod user;

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use super::failure::{Failure, Outcome};
use super::log;
use super::session::Session;

/// Exit code of a run whose command a signal ended.
const KILLED: u8 = 255;

/// The file and the command of the command line.
pub(super) fn arguments<'a>(
    session: &Session<'a>,
) -> Result<(&'a std::ffi::OsStr, &'a std::ffi::OsStr), Failure> {
    match session.arguments {
        [file, command] => Ok((file, command)),
        _ => Err(Failure::generic("error: missing file to decrypt")),
    }
}

/// Says that a flag is old.
pub(super) fn warn_of_background(session: &Session<'_>, command: &str) {
    let message = format!(
        "{command}'s --background option is deprecated and will be removed in a future version \
         of sops"
    );
    log::warn(&session.context.ui, &message);
}

/// A shell that runs `script`. It inherits the whole environment, as with the original: commands
/// may run `sops` themselves.
pub(super) fn shell(script: &std::ffi::OsStr) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script);
    command
}

/// Runs a command to its end; its exit code becomes ours.
pub(super) fn finish(command: &mut Command) -> Outcome {
    let status = command
        .status()
        .map_err(|cause| Failure::generic(format!("fork/exec /bin/sh: {cause}")))?;
    ended(status)
}

fn ended(status: ExitStatus) -> Outcome {
    let dumped = if status.core_dumped() {
        " (core dumped)"
    } else {
        ""
    };
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(0),
        (Some(code), _) => Err(Failure::new(
            u8::try_from(code).unwrap_or(KILLED),
            format!("exit status {code}"),
        )),
        (None, signal) => {
            let name = signal_name(signal.unwrap_or_default());
            Err(Failure::new(KILLED, format!("signal: {name}{dumped}")))
        }
    }
}

/// A signal as Go names it.
fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_command_is_told() {
        let run = |script: &str| finish(&mut shell(script.as_ref()));
        assert_eq!(run("true"), Ok(0));
        assert_eq!(run("exit 7"), Err(Failure::new(7, "exit status 7")));
        assert_eq!(run("kill -9 $$"), Err(Failure::new(255, "signal: killed")));
        assert_eq!(
            run("kill -TERM $$"),
            Err(Failure::new(255, "signal: terminated"))
        );
    }
}
