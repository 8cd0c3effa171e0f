//! Running the user's editor on a file in a private folder.
//!
//! The editor's own traces stay inside that folder: temporary files through
//! `TMPDIR`, state (nvim's swap, undo and history) through `XDG_STATE_HOME`,
//! and Vim is told to keep no swap, undo, backup or history at all.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGQUIT};

use crate::env::{EDITOR, Environment, VISUAL};
use crate::process::{command, find_program};

/// What Vim must be told; `-i NONE -n` alone would leave undo and backup files.
const VIM_ARGUMENTS: [&str; 7] = [
    "-n",
    "-i",
    "NONE",
    "--cmd",
    "set noswapfile",
    "-c",
    "set noundofile nobackup nowritebackup",
];

/// An editor that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    /// Command line as the user set it.
    line: OsString,
    /// Program and arguments to run without a shell; a shell reads the line where there are none.
    words: Vec<String>,
    /// Arguments that go before the file.
    extra: Vec<&'static str>,
}

/// Why an edit was given up.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// No variable names one, and none of the usual ones is installed.
    #[error("no editor: set EDITOR, for example to 'nano'")]
    NotFound,
    /// It could not be started.
    #[error("cannot run the editor '{line}': {cause}")]
    NotStarted {
        /// The command.
        line: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It ended with a failure: what it left is not taken.
    #[error("the editor '{line}' failed ({status})")]
    Failed {
        /// The command.
        line: String,
        /// How it ended.
        status: ExitStatus,
    },
}

impl Editor {
    /// The editor that `line` starts; arguments and quotes as in a shell.
    pub fn new(environment: &Environment, line: impl Into<OsString>) -> Self {
        let line = line.into();
        let extra = if is_vim(environment, &line) {
            VIM_ARGUMENTS.to_vec()
        } else {
            Vec::new()
        };
        Self {
            line,
            words: Vec::new(),
            extra,
        }
    }

    /// The editor that `words` start, program first; no shell sees them.
    pub fn of_words(environment: &Environment, words: Vec<String>) -> Self {
        Self {
            words: words.clone(),
            ..Self::new(environment, words.join(" "))
        }
    }

    /// The user's editor: `VISUAL`, `EDITOR`, else the first of `vi`, `nano`,
    /// `vim` that is there.
    ///
    /// # Errors
    /// When there is none.
    pub fn of_user(environment: &Environment) -> Result<Self, EditorError> {
        let set = [&VISUAL, &EDITOR]
            .into_iter()
            .find_map(|variable| environment.value(variable));
        if let Some(line) = set {
            return Ok(Self::new(environment, line));
        }
        Self::installed(environment)
    }

    /// The first of `vi`, `nano`, `vim` that is installed.
    ///
    /// # Errors
    /// When none is.
    pub fn installed(environment: &Environment) -> Result<Self, EditorError> {
        let found = ["vi", "nano", "vim"]
            .into_iter()
            .find(|name| find_program(environment, name).is_some());
        found
            .map(|name| Self::new(environment, name))
            .ok_or(EditorError::NotFound)
    }

    /// Edits `file`, whose folder is private, and waits. Keys that interrupt
    /// (Ctrl-C) go to the editor alone.
    ///
    /// # Errors
    /// When it cannot be started or ends with a failure.
    pub fn run(&self, file: &Path) -> Result<(), EditorError> {
        let line = || self.line.to_string_lossy().into_owned();
        let _deaf = Deaf::begin();
        let status = self
            .command(file)
            .status()
            .map_err(|cause| EditorError::NotStarted {
                line: line(),
                cause,
            })?;
        if status.success() {
            Ok(())
        } else {
            Err(EditorError::Failed {
                line: line(),
                status,
            })
        }
    }

    fn command(&self, file: &Path) -> Command {
        let mut editor = match self.words.split_first() {
            Some((program, arguments)) => {
                let mut editor = command(program);
                editor.args(arguments);
                editor
            }
            None => {
                let mut script = self.line.clone();
                script.push(" \"$@\"");
                let mut shell = command("/bin/sh");
                shell.arg("-c").arg(script).arg("editor");
                shell
            }
        };
        editor.args(&self.extra).arg(file);
        editor.stdin(Stdio::inherit()).stdout(Stdio::inherit());
        if let Some(folder) = file.parent() {
            editor.env("TMPDIR", folder).env("XDG_STATE_HOME", folder);
        }
        editor
    }
}

/// Whether a command line is Vim or Neovim, links such as `vi` followed.
fn is_vim(environment: &Environment, line: &OsString) -> bool {
    let Some(name) = line
        .to_str()
        .and_then(|line| line.split_ascii_whitespace().next())
    else {
        return false;
    };
    let Some(program) = find_program(environment, name) else {
        return false;
    };
    let real: PathBuf = program.canonicalize().unwrap_or(program);
    real.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| {
            ["vim", "nvim", "gvim"]
                .iter()
                .any(|vim| name == *vim || name.starts_with(&format!("{vim}.")))
        })
}

/// While it lives, interrupts do not end this process. A handler, unlike an
/// ignored signal, is not inherited by the editor.
struct Deaf(Vec<SigId>);

impl Deaf {
    fn begin() -> Self {
        let flag = Arc::new(AtomicBool::new(false));
        let register = |signal| signal_hook::flag::register(signal, Arc::clone(&flag)).ok();
        Self([SIGINT, SIGQUIT].into_iter().filter_map(register).collect())
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment::default().with(&crate::env::PATH, "/usr/bin:/bin")
    }

    fn run(line: &str, content: &str) -> (Result<(), EditorError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it's a file");
        crate::fs::replace(&file, content.as_bytes(), crate::fs::Creation::PUBLIC).unwrap();
        let result = Editor::new(&environment(), line).run(&file);
        (result, crate::fs::read_text(&file, 1000).unwrap())
    }

    #[test]
    fn the_line_is_read_as_a_shell_does() {
        assert_eq!(run("sed -i s/a/b/", "a").1, "b");
        assert_eq!(run("sed -i 's/a b/c d/'", "a b").1, "c d");
        assert_eq!(run("true", "a").1, "a");
    }

    #[test]
    fn words_are_not_read_by_a_shell() {
        let folder = tempfile::tempdir().unwrap();
        let words = ["sh", "-c", "echo \"$0 $1\" > \"$2\"", "a b", "$HOME"];
        let words = words.map(str::to_owned).to_vec();
        let file = folder.path().join("f");
        Editor::of_words(&environment(), words).run(&file).unwrap();
        assert_eq!(crate::fs::read_text(&file, 100).unwrap(), "a b $HOME\n");
    }

    #[test]
    fn a_failure_is_told() {
        let (result, content) = run("sh -c 'exit 3'", "kept");
        assert!(result.unwrap_err().to_string().contains("exit status: 3"));
        assert_eq!(content, "kept");
        assert!(run("/no/such/editor", "").0.is_err());
    }

    #[test]
    fn temporary_files_stay_inside() {
        let line = "sh -c 'test \"$TMPDIR\" = \"$(dirname \"$0\")\"'";
        assert!(run(line, "").0.is_ok());
    }

    #[test]
    fn visual_comes_before_editor() {
        let both = environment().with(&VISUAL, "one").with(&EDITOR, "two");
        assert_eq!(Editor::of_user(&both).unwrap().line, "one");
        assert!(Editor::of_user(&Environment::default()).is_err());
    }
}
