//! The `exec` command: runs a program, on a terminal where the script wants
//! one, and keeps what it printed.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::line::Expect;
use super::session::{Conversation, Last, Session};
use crate::peers;
use crate::pty::{LIMIT, Streams, Terminal};
use crate::workdir::PANIC;

impl Session {
    pub(crate) fn exec(&mut self, expect: Expect, arguments: &[&str]) -> Result<(), String> {
        let (name, arguments) = arguments.split_first().ok_or("exec: which program?")?;
        let mut command = Command::new(self.program(name)?);
        command
            .args(arguments)
            .current_dir(&self.current)
            .env_clear()
            .envs(&self.variables);
        let (status, terminal) = self.spawn(command)?;
        let last = Last {
            status: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: self.folders().read("stdout"),
            stderr: self.folders().read("stderr"),
            terminal: terminal.into_bytes(),
        };
        for (kind, bytes) in [
            ("stdout", &last.stdout),
            ("stderr", &last.stderr),
            ("terminal", &last.terminal),
        ] {
            if !bytes.is_empty() {
                let text = String::from_utf8_lossy(bytes);
                self.log.push(format!("[{kind}]\n{}", text.trim_end()));
            }
        }
        let proper = status.code().is_some_and(|code| code != PANIC);
        let status = last.status;
        self.last = Some(last);
        match expect {
            Expect::Success if status != 0 => Err(format!("exec: it failed with status {status}")),
            Expect::Failure if status == 0 => Err("exec: it should have failed".to_owned()),
            Expect::Failure if !proper => Err(format!("exec: it crashed with status {status}")),
            _ => Ok(()),
        }
    }

    /// Where a program is: among the suite's, a real one as `peer:NAME`, or a
    /// path with a slash.
    fn program(&self, name: &str) -> Result<PathBuf, String> {
        if let Some(name) = name.strip_prefix("peer:") {
            return peers::find_program(name)
                .ok_or_else(|| format!("exec: there is no real '{name}'; run `tests/peers`"));
        }
        if name.contains('/') {
            return Ok(self.path(name));
        }
        let program = self.folder("bin").join(name);
        match program.try_exists() {
            Ok(true) => Ok(program),
            _ => Err(format!("exec: the suite has no program '{name}'")),
        }
    }

    /// Runs a command to its end; gives what the terminal showed.
    fn spawn(&mut self, mut command: Command) -> Result<(ExitStatus, String), String> {
        let stdin = self.stdin.take();
        let stdin = stdin.map(|bytes| self.folders().write("stdin", bytes));
        let stdout = self.output("stdout")?;
        let stderr = self.output("stderr")?;
        let open = |path| File::open(path).map_err(|cause| format!("exec: no input: {cause}"));
        let stdin = stdin.map(open).transpose()?.map(Stdio::from);
        if let Some(conversation) = self.conversation.take() {
            let mut streams = Streams {
                stdin,
                ..Streams::default()
            };
            if !conversation.all {
                streams.stdout = Some(stdout.into());
                streams.stderr = Some(stderr.into());
            }
            return converse(Terminal::start_with(command, streams), &conversation);
        }
        command
            .stdin(stdin.unwrap_or_else(Stdio::null))
            .stdout(stdout)
            .stderr(stderr);
        wait(&mut command).map(|status| (status, String::new()))
    }

    fn output(&self, name: &str) -> Result<File, String> {
        File::create(self.folder(name)).map_err(|cause| format!("exec: no {name}: {cause}"))
    }
}

/// Waits and types as the script's lines say: `? PATTERN` waits for something
/// shown, `> TEXT` types a line, `* TEXT` types one when echo is off, `^C` and
/// `^D` press these keys.
fn converse(
    mut terminal: Terminal,
    conversation: &Conversation,
) -> Result<(ExitStatus, String), String> {
    let shown = |terminal: &Terminal, problem: &str| {
        format!(
            "exec: {problem}\n--- the terminal showed ---\n{}",
            terminal.output()
        )
    };
    for step in conversation.steps.lines() {
        let (kind, text) = step.split_at_checked(2).unwrap_or((step, ""));
        let waited = match kind.trim_end() {
            "?" => terminal.wait_match(text).map(drop),
            "*" => terminal.wait_no_echo(),
            ">" | "^C" | "^D" | "" | "#" => Ok(()),
            _ => Err(format!("'{step}' is no step of a conversation")),
        };
        waited.map_err(|problem| shown(&terminal, &problem))?;
        match kind.trim_end() {
            "*" | ">" => terminal.send_line(text),
            "^C" => terminal.interrupt(),
            "^D" => terminal.end_input(),
            _ => {}
        }
    }
    let status = terminal
        .wait_end()
        .map_err(|problem| shown(&terminal, &problem))?;
    Ok((status, terminal.output()))
}

fn wait(command: &mut Command) -> Result<ExitStatus, String> {
    let mut child = command
        .spawn()
        .map_err(|cause| format!("exec: cannot start it: {cause}"))?;
    let deadline = Instant::now() + LIMIT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("exec: it did not end in {LIMIT:?}"));
            }
            Err(cause) => return Err(format!("exec: cannot wait for it: {cause}")),
        }
    }
}
