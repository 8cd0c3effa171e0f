//! `git` as a child process.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nixseal_base::process;
use nixseal_base::secret::SecretBytes;

/// Why `git` did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// It could not be run.
    #[error("cannot run git: {0}")]
    Start(std::io::Error),
    /// It said no.
    #[error("git {what}: {message}")]
    Failed {
        /// The subcommand.
        what: String,
        /// What it printed.
        message: String,
    },
    /// It printed something that is not understood.
    #[error("git {0} printed something unexpected")]
    Answer(&'static str),
}

/// `git`, run in a folder.
#[derive(Clone, Debug)]
pub struct Git {
    folder: PathBuf,
}

impl Git {
    /// For the repository that `folder` is in.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The top folder of the work tree.
    ///
    /// # Errors
    /// When there is none, or no `git`.
    pub fn top(&self) -> Result<PathBuf, GitError> {
        self.path(&["rev-parse", "--show-toplevel"])
    }

    /// Whether a command succeeds.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> Result<bool, GitError> {
        Ok(self.talk(arguments, b"")?.1.is_ok())
    }

    /// The path that a command prints, absolute.
    pub(crate) fn path(&self, arguments: &[&str]) -> Result<PathBuf, GitError> {
        let mut output = self.run(arguments, b"")?.expose().to_vec();
        while output.last() == Some(&b'\n') {
            output.pop();
        }
        Ok(self.folder.join(OsString::from_vec(output)))
    }

    /// Runs a command; gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Result<SecretBytes, GitError> {
        let (output, status) = self.talk(arguments, input)?;
        match status {
            Ok(()) => Ok(output),
            Err(message) => Err(GitError::Failed {
                what: arguments.first().copied().unwrap_or_default().to_owned(),
                message,
            }),
        }
    }

    /// The value of a setting, if there is one.
    pub(crate) fn setting(&self, name: &str) -> Result<Option<String>, GitError> {
        let (output, status) = self.talk(&["config", "--local", "--get", name], b"")?;
        let text = String::from_utf8_lossy(output.expose())
            .trim_end()
            .to_owned();
        Ok(status.is_ok().then_some(text))
    }

    fn talk(
        &self,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<(SecretBytes, Result<(), String>), GitError> {
        let mut child = self.start(arguments)?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Who ends early closes its end; what it says is worth more than that.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(GitError::Start)?;
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let status = match output.status.success() {
            true => Ok(()),
            false if message.is_empty() => Err(output.status.to_string()),
            false => Err(message),
        };
        Ok((SecretBytes::new(output.stdout), status))
    }

    /// Starts a command whose input and output are pipes.
    pub(crate) fn start(&self, arguments: &[impl AsRef<OsStr>]) -> Result<Child, GitError> {
        let mut command: Command = process::command("git");
        command
            .arg("-C")
            .arg(&self.folder)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().map_err(GitError::Start)
    }
}
