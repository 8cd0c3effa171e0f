//! A command on a pseudo-terminal of its own: wait for what it shows, type
//! answers, count its questions.
//!
//! The command is a session leader whose controlling terminal is the
//! pseudo-terminal, so `/dev/tty` works in it even where its standard streams
//! go elsewhere. Nothing waits for ever: after [`LIMIT`] the test fails with
//! everything shown so far, and the command is killed.

use std::fmt::Display;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pty_process::blocking::{self, Pty};
use regex::Regex;
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

/// How long a single wait may take.
pub const LIMIT: Duration = Duration::from_secs(60);

/// How often a state that nobody reports is looked at.
const PAUSE: Duration = Duration::from_millis(2);

/// Where the standard streams go; those not given are the terminal.
#[derive(Debug, Default)]
pub struct Streams {
    /// Standard input.
    pub stdin: Option<Stdio>,
    /// Standard output.
    pub stdout: Option<Stdio>,
    /// Standard error.
    pub stderr: Option<Stdio>,
}

/// A running command and its terminal.
pub struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    screen: Arc<Screen>,
    /// How much of the text [`Terminal::expect`] has gone past, in bytes.
    seen: usize,
    limit: Duration,
}

/// How a command on a terminal ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// All that it showed on the terminal, with `\n` line ends.
    pub output: String,
    /// Whether the terminal echoes what is typed.
    pub echoes: bool,
}

#[derive(Default)]
struct Screen {
    state: Mutex<Shown>,
    changed: Condvar,
}

#[derive(Default)]
struct Shown {
    bytes: Vec<u8>,
    ended: bool,
}

impl Terminal {
    /// Starts a command with all its standard streams on a new terminal.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_with(command, Streams::default())
    }

    /// Starts a command with only some of its standard streams on its terminal.
    #[track_caller]
    pub fn start_with(command: Command, streams: Streams) -> Self {
        let shown = format!("{command:?}");
        let (pty, pts) = blocking::open().expect("open a pseudo-terminal");
        pty.resize(pty_process::Size::new(24, 200))
            .expect("set the size of a pseudo-terminal");
        let mut command = blocking::Command::from(command);
        if let Some(stdin) = streams.stdin {
            command = command.stdin(stdin);
        }
        if let Some(stdout) = streams.stdout {
            command = command.stdout(stdout);
        }
        if let Some(stderr) = streams.stderr {
            command = command.stderr(stderr);
        }
        let child = command
            .spawn(pts)
            .unwrap_or_else(|cause| panic!("cannot start {shown}: {cause}"));
        let pty = Arc::new(pty);
        let screen = Arc::new(Screen::default());
        let (reader, writer) = (Arc::clone(&pty), Arc::clone(&screen));
        std::thread::spawn(move || writer.fill_from(&reader));
        Self {
            child,
            pty,
            screen,
            seen: 0,
            limit: LIMIT,
        }
    }

    /// The same terminal with another limit for each wait.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The command's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `text` is shown after what was expected before.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        self.expect_match(&regex::escape(text));
    }

    /// Waits until something that matches the regular expression is shown
    /// after what was expected before; gives what matched.
    ///
    /// # Panics
    /// When the command ends or the limit is over before that.
    #[track_caller]
    pub fn expect_match(&mut self, pattern: &str) -> String {
        match self.wait_match(pattern) {
            Ok(found) => found,
            Err(problem) => self.give_up(problem),
        }
    }

    /// As [`Terminal::expect_match`], with the problem in words as an error.
    pub(crate) fn wait_match(&mut self, pattern: &str) -> Result<String, String> {
        let regex = Regex::new(pattern)
            .map_err(|problem| format!("the pattern is not a regular expression: {problem}"))?;
        let deadline = Instant::now() + self.limit;
        let mut state = self.screen.lock();
        loop {
            let text = normal(&state.bytes);
            if let Some(found) = regex.find(text.get(self.seen..).unwrap_or_default()) {
                self.seen += found.end();
                return Ok(found.as_str().to_owned());
            }
            if state.ended {
                return Err(format!("the command ended before it showed '{pattern}'"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("'{pattern}' was not shown in {:?}", self.limit));
            }
            state = self
                .screen
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Types text as it is, without a line end.
    #[track_caller]
    pub fn send(&mut self, text: &str) {
        let mut pty = &*self.pty;
        if let Err(cause) = pty.write_all(text.as_bytes()) {
            self.give_up(format!("cannot type '{text}': {cause}"));
        }
    }

    /// Types a line.
    #[track_caller]
    pub fn send_line(&mut self, text: &str) {
        self.send(&format!("{text}\n"));
    }

    /// Types a line once the command has switched echo off, as every question
    /// for a secret must.
    ///
    /// # Panics
    /// When echo stays on until the limit is over.
    #[track_caller]
    pub fn send_secret(&mut self, text: &str) {
        match self.wait_no_echo() {
            Ok(()) => self.send_line(text),
            Err(problem) => self.give_up(problem),
        }
    }

    /// Waits until the terminal does not echo what is typed.
    pub(crate) fn wait_no_echo(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + self.limit;
        while self.echoes() {
            if self.screen.lock().ended {
                return Err("the command ended before it asked for a secret".to_owned());
            }
            if Instant::now() > deadline {
                return Err(format!("echo was not off after {:?}", self.limit));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Whether the terminal echoes what is typed.
    pub fn echoes(&self) -> bool {
        tcgetattr(&*self.pty).is_ok_and(|modes| modes.local_modes.contains(LocalModes::ECHO))
    }

    /// Presses Ctrl-C.
    #[track_caller]
    pub fn interrupt(&mut self) {
        self.send("\x03");
    }

    /// Presses Ctrl-D, which ends the input.
    #[track_caller]
    pub fn end_input(&mut self) {
        self.send("\x04");
    }

    /// Sends a signal to the command itself.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("send a signal");
    }

    /// All that was shown so far, with `\n` line ends.
    pub fn output(&self) -> String {
        normal(&self.screen.lock().bytes)
    }

    /// How often `text` was shown so far.
    pub fn count(&self, text: &str) -> usize {
        self.output().matches(text).count()
    }

    /// Waits for the command's end.
    ///
    /// # Panics
    /// When the limit is over before that.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        match self.wait_end() {
            Ok(status) => Finished {
                status,
                echoes: self.echoes(),
                output: self.output(),
            },
            Err(problem) => self.give_up(problem),
        }
    }

    /// As [`Terminal::finish`], with the problem in words as an error.
    pub(crate) fn wait_end(&mut self) -> Result<ExitStatus, String> {
        let deadline = Instant::now() + self.limit;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() > deadline => {
                    return Err(format!("the command did not end in {:?}", self.limit));
                }
                Ok(None) => std::thread::sleep(PAUSE),
                Err(cause) => return Err(format!("cannot wait for the command: {cause}")),
            }
        };
        // A child left behind may hold the terminal open: a moment must do.
        let _ = self.screen.changed.wait_timeout_while(
            self.screen.lock(),
            Duration::from_secs(1),
            |state| !state.ended,
        );
        Ok(status)
    }

    #[track_caller]
    fn give_up(&self, problem: impl Display) -> ! {
        panic!("{problem}\n--- the terminal showed ---\n{}", self.output());
    }
}

/// No command outlives its test.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over everything that comes until the last holder of the terminal
    /// closes it, which the system reports as an error.
    fn fill_from(&self, mut pty: &Pty) {
        let mut block = [0; 4096];
        while let Ok(count @ 1..) = pty.read(&mut block) {
            self.lock().bytes.extend_from_slice(&block[..count]);
            self.changed.notify_all();
        }
        self.lock().ended = true;
        self.changed.notify_all();
    }
}

/// Text with `\n` line ends. What may still turn out otherwise when more bytes
/// come, an incomplete character or a `\r` at the end, is held back.
fn normal(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let whole = match std::str::from_utf8(bytes) {
        Err(problem) if problem.error_len().is_none() => &bytes[..problem.valid_up_to()],
        _ => bytes,
    };
    String::from_utf8_lossy(whole).replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Workdir;

    fn shell(script: &str) -> Terminal {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Terminal::start(command)
    }

    #[test]
    fn asks_without_echo_and_gets_the_answer() {
        let mut terminal = shell(
            "stty -echo </dev/tty; printf 'Secret: ' >/dev/tty; read x </dev/tty; \
             stty echo </dev/tty; test \"$x\" = swordfish && echo yes",
        );
        terminal.expect("Secret: ");
        terminal.send_secret("swordfish");
        terminal.expect("yes");
        let end = terminal.finish();
        assert!(end.status.success());
        assert_eq!(end.output, "Secret: yes\n");
    }

    #[test]
    fn streams_can_go_elsewhere() {
        let work = Workdir::new();
        let file = std::fs::File::create(work.join("out")).unwrap();
        let mut command = work.command("/bin/sh");
        command.args(["-c", "echo file; echo shown >/dev/tty; test -t 0"]);
        let streams = Streams {
            stdout: Some(file.into()),
            ..Streams::default()
        };
        let end = Terminal::start_with(command, streams).finish();
        assert!(end.status.success());
        assert_eq!(end.output, "shown\n");
        assert_eq!(work.read_text("out"), "file\n");
    }

    #[test]
    fn prompts_are_counted_and_ctrl_c_interrupts() {
        let mut terminal = shell("echo a? a? a?; exec cat");
        terminal.expect_match("(a\\? ?){3}");
        assert_eq!(terminal.count("a?"), 3);
        terminal.interrupt();
        let status = terminal.finish().status;
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(2)
        );
    }

    #[test]
    #[should_panic(expected = "the command ended before it showed 'never'")]
    fn what_is_not_shown_fails() {
        shell("echo other").expect("never");
    }

    #[test]
    #[should_panic(expected = "did not end")]
    fn a_hanging_command_fails() {
        shell("exec sleep 1000")
            .with_limit(Duration::from_millis(200))
            .finish();
    }

    #[test]
    fn half_characters_are_held_back() {
        assert_eq!(normal("é".as_bytes()), "é");
        assert_eq!(normal(&"é".as_bytes()[..1]), "");
        assert_eq!(normal(b"a\r\nb\r"), "a\nb");
    }
}
