//! One run of one script: its folders, its variables, and what its last
//! command did.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::line::{self, Expect, Line};
use super::{Flavour, Suite};
use crate::Workdir;
use crate::workdir::Stamp;

/// How a script ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It came to its end.
    Passed,
    /// Its first command line says that it is for another flavour or user.
    NotForThis,
}

/// What the last `exec` did.
#[derive(Default)]
pub(crate) struct Last {
    /// Exit code, 128 and the signal's number when it was killed.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error.
    pub(crate) stderr: Vec<u8>,
    /// What the terminal showed, when there was one.
    pub(crate) terminal: Vec<u8>,
}

/// The terminal for the next `exec`.
pub(crate) struct Conversation {
    /// What to wait for and to type.
    pub(crate) steps: String,
    /// Whether standard output and error go to the terminal too.
    pub(crate) all: bool,
}

/// The state of a running script.
pub(crate) struct Session {
    folders: Workdir,
    pub(crate) flavour: Flavour,
    pub(crate) archive: Archive,
    pub(crate) update: bool,
    changed: bool,
    /// The environment of its commands.
    pub(crate) variables: BTreeMap<String, String>,
    /// Where commands run.
    pub(crate) current: PathBuf,
    /// Standard input of the next `exec`.
    pub(crate) stdin: Option<Vec<u8>>,
    pub(crate) conversation: Option<Conversation>,
    pub(crate) last: Option<Last>,
    pub(crate) stamps: BTreeMap<PathBuf, Stamp>,
    /// What was run and what it printed, for the report.
    pub(crate) log: Vec<String>,
}

impl Session {
    /// Makes the folders, links the programs and writes the script's files.
    pub(crate) fn new(suite: &Suite, archive: Archive) -> Result<Self, String> {
        let folders = Workdir::new();
        for folder in ["bin", "tmp", "work"] {
            folders.mkdir(folder);
        }
        for (name, program) in &suite.programs {
            symlink(program, folders.join("bin").join(name))
                .map_err(|cause| format!("cannot link '{name}': {cause}"))?;
        }
        let current = folders.join("work");
        for (name, content) in &archive.files {
            folders.write(current.join(name), content);
        }
        let text = |name: &str| folders.join(name).display().to_string();
        let mut variables = BTreeMap::from([
            ("HOME".to_owned(), text("work")),
            ("PATH".to_owned(), text("bin")),
            ("TMPDIR".to_owned(), text("tmp")),
            ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
            ("TERM".to_owned(), "dumb".to_owned()),
        ]);
        variables.extend(suite.variables.iter().cloned());
        Ok(Self {
            folders,
            flavour: suite.flavour,
            archive,
            update: suite.update,
            changed: false,
            variables,
            current,
            stdin: None,
            conversation: None,
            last: None,
            stamps: BTreeMap::new(),
            log: Vec::new(),
        })
    }

    /// Runs the script; the error has the number of the line at fault.
    pub(crate) fn run(&mut self) -> Result<End, (usize, String)> {
        let mut started = false;
        for (index, text) in self.archive.commands.clone().lines().enumerate() {
            let line = line::parse(text, |name| self.variable(name))
                .map_err(|problem| (index + 1, problem))?;
            let Some(line) = line else { continue };
            let holds = self
                .holds(&line.conditions)
                .map_err(|problem| (index + 1, problem))?;
            if holds && !line.words.is_empty() {
                started = true;
                self.log.push(format!("> {}", text.trim()));
                self.step(&line).map_err(|problem| (index + 1, problem))?;
            } else if !holds && line.words.is_empty() {
                let end = if started {
                    End::Passed
                } else {
                    End::NotForThis
                };
                return Ok(end);
            }
        }
        Ok(End::Passed)
    }

    /// The script's new text, when a golden file in it changed.
    pub(crate) fn updated(&self) -> Option<String> {
        self.changed.then(|| self.archive.text())
    }

    fn step(&mut self, line: &Line) -> Result<(), String> {
        let Some((command, arguments)) = line.words.split_first() else {
            return Ok(());
        };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if line.expect == Expect::Either && command != "exec" {
            return Err("only 'exec' can have '?' before it".to_owned());
        }
        if command == "exec" {
            self.exec(line.expect, &arguments)
        } else {
            self.builtin(command, line.expect == Expect::Failure, &arguments)
        }
    }

    fn holds(&self, conditions: &[String]) -> Result<bool, String> {
        let mut all = true;
        for condition in conditions {
            let (wanted, name) = match condition.strip_prefix('!') {
                Some(name) => (false, name),
                None => (true, condition.as_str()),
            };
            let is = match name {
                "ours" => self.flavour == Flavour::Ours,
                "peer" => self.flavour == Flavour::Peer,
                "root" => rustix::process::geteuid().is_root(),
                _ => return Err(format!("there is no condition '{name}'")),
            };
            all &= is == wanted;
        }
        Ok(all)
    }

    /// The value of a variable for use in the script.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let folder = |name: &str| Some(self.folder(name).display().to_string());
        match name {
            "WORK" => folder("work"),
            "TMP" => folder("tmp"),
            "BIN" => folder("bin"),
            _ => self.variables.get(name).cloned(),
        }
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.folders.join(name)
    }

    pub(crate) fn folders(&self) -> &Workdir {
        &self.folders
    }

    /// A path as the script means it: relative to the current folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.current.join(name)
    }

    /// What the last `exec` did.
    pub(crate) fn last(&self) -> Result<&Last, String> {
        self.last
            .as_ref()
            .ok_or_else(|| "no 'exec' before it".to_owned())
    }

    /// A file's content; `stdout`, `stderr` and `terminal` are those of the last
    /// `exec`, with the paths of the script's folders as `$WORK`, `$TMP`, `$BIN`.
    pub(crate) fn content(&self, name: &str) -> Result<Vec<u8>, String> {
        match name {
            "stdout" => Ok(self.normal(&self.last()?.stdout)),
            "stderr" => Ok(self.normal(&self.last()?.stderr)),
            "terminal" => Ok(self.normal(&self.last()?.terminal)),
            _ => self.file(&self.path(name)),
        }
    }

    /// The same without the replacing of paths.
    pub(crate) fn raw_content(&self, name: &str) -> Result<Vec<u8>, String> {
        match name {
            "stdout" => Ok(self.last()?.stdout.clone()),
            "stderr" => Ok(self.last()?.stderr.clone()),
            _ => self.file(&self.path(name)),
        }
    }

    fn file(&self, path: &Path) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|cause| format!("cannot read '{}': {cause}", path.display()))
    }

    fn normal(&self, bytes: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return bytes.to_vec();
        };
        let mut text = text.to_owned();
        for (folder, name) in [("work", "$WORK"), ("tmp", "$TMP"), ("bin", "$BIN")] {
            text = text.replace(&self.folder(folder).display().to_string(), name);
        }
        text.into_bytes()
    }

    /// Takes over new content of a golden file; false when `name` is none.
    pub(crate) fn set_golden(&mut self, name: &str, content: &str) -> bool {
        let set = self.archive.set_file(name, content);
        self.changed |= set;
        set
    }
}
