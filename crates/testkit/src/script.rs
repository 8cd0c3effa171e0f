//! Command scripts: text files that tell what to run and what must come out,
//! run against nixseal and, unchanged, against the tool it stands in for.
//!
//! A script is a list of commands, one a line, and after them the files that
//! are there when it starts, each under a line `-- NAME --` (the txtar form).
//! It runs in a folder of its own, `$WORK`, which is also the home folder; it
//! sees no program but those of its [`Suite`], and nothing of the user's
//! environment. The commands are described in `tests/README.md`.
//!
//! With `UPDATE_GOLDEN=1` in the environment, files compared with `stdout` or
//! `stderr` are rewritten where they differ. `NIXSEAL_SCRIPT=WORD` runs only the
//! scripts whose name contains the word.

mod archive;
mod builtins;
mod exec;
mod line;
mod session;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::peers;
use archive::Archive;
use session::{End, Session};

/// Programs that every script may use beside those of its suite.
const TOOLS: &[&str] = &[
    "base64",
    "basename",
    "bash",
    "cat",
    "chmod",
    "cp",
    "cut",
    "date",
    "dd",
    "diff",
    "dirname",
    "echo",
    "env",
    "false",
    "find",
    "grep",
    "head",
    "id",
    "kill",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "od",
    "printf",
    "readlink",
    "rm",
    "sed",
    "seq",
    "sh",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "stty",
    "tail",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "uniq",
    "wc",
    "xargs",
];

/// Whom the scripts are run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// nixseal, under its own and other names: lines with `[ours]` count.
    Ours,
    /// The real tools: lines with `[peer]` count.
    Peer,
}

/// A folder of scripts and the programs they may use.
pub struct Suite {
    folder: PathBuf,
    flavour: Flavour,
    programs: Vec<(String, PathBuf)>,
    variables: Vec<(String, String)>,
    update: bool,
    only: Option<String>,
}

impl Suite {
    /// Scripts of `folder` (relative to the root of the workspace) against our
    /// `binary`, which is there as `nixseal` and under each of `names`.
    #[track_caller]
    pub fn ours(folder: impl AsRef<Path>, binary: impl AsRef<Path>, names: &[&str]) -> Self {
        let link = |name: &&str| ((*name).to_owned(), binary.as_ref().to_owned());
        let programs = names.iter().chain(&["nixseal"]).map(link).collect();
        Self::new(folder.as_ref(), Flavour::Ours, programs)
    }

    /// The same scripts against the real tools: each is there by its name.
    #[track_caller]
    pub fn peer(folder: impl AsRef<Path>, programs: &[(&str, PathBuf)]) -> Self {
        let own = |(name, path): &(&str, PathBuf)| ((*name).to_owned(), path.clone());
        Self::new(
            folder.as_ref(),
            Flavour::Peer,
            programs.iter().map(own).collect(),
        )
    }

    #[track_caller]
    fn new(folder: &Path, flavour: Flavour, programs: Vec<(String, PathBuf)>) -> Self {
        let suite = Self {
            folder: peers::workspace_root().join(folder),
            flavour,
            programs,
            variables: Vec::new(),
            update: std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1"),
            only: std::env::var("NIXSEAL_SCRIPT").ok(),
        };
        suite.tools(TOOLS)
    }

    /// The same suite with more programs of this machine, such as `jq`; names
    /// that the suite has already keep their meaning.
    #[must_use]
    #[track_caller]
    pub fn tools(mut self, names: &[&str]) -> Self {
        for name in names {
            if !self.programs.iter().any(|(known, _)| known == name) {
                self.programs
                    .push(((*name).to_owned(), peers::program(name)));
            }
        }
        self
    }

    /// The same suite with one more program, by a name of its own.
    #[must_use]
    pub fn program(mut self, name: &str, path: impl Into<PathBuf>) -> Self {
        self.programs.retain(|(known, _)| known != name);
        self.programs.push((name.to_owned(), path.into()));
        self
    }

    /// The same suite with one more environment variable in every script.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs all scripts, as many at once as there are processors.
    ///
    /// # Panics
    /// When a script fails, with a report on each that does, or when none ran.
    #[track_caller]
    pub fn run(&self) {
        let scripts = self.scripts();
        let (next, ran) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let reports = Mutex::new(Vec::new());
        let work = || {
            while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.run_script(script) {
                    Ok(End::Passed) => _ = ran.fetch_add(1, Ordering::Relaxed),
                    Ok(End::NotForThis) => {}
                    Err(report) => reports.lock().expect("no thread panics").push(report),
                }
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads.min(scripts.len()) {
                scope.spawn(work);
            }
        });
        let mut reports = reports.into_inner().expect("no thread panics");
        reports.sort();
        assert!(
            reports.is_empty(),
            "{} of {} scripts failed against {:?}\n\n{}",
            reports.len(),
            scripts.len(),
            self.flavour,
            reports.join("\n\n"),
        );
        let ran = ran.into_inner();
        assert!(
            ran > 0 || self.only.is_some(),
            "no script of '{}' is for {:?}",
            self.folder.display(),
            self.flavour
        );
    }

    /// The scripts' paths, sorted.
    #[track_caller]
    fn scripts(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder)
            .unwrap_or_else(|cause| panic!("cannot list '{}': {cause}", self.folder.display()));
        let wanted = |path: &PathBuf| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let chosen = self.only.as_ref().is_none_or(|word| name.contains(word));
            path.extension().is_some_and(|ending| ending == "txt") && chosen
        };
        let mut scripts: Vec<_> = entries
            .map(|entry| entry.expect("list scripts").path())
            .filter(wanted)
            .collect();
        scripts.sort();
        scripts
    }

    /// Runs one script; the error is a report for a person.
    fn run_script(&self, path: &Path) -> Result<End, String> {
        let root = peers::workspace_root();
        let name = path.strip_prefix(&root).unwrap_or(path).display();
        let text = std::fs::read_to_string(path)
            .map_err(|cause| format!("{name}: cannot read it: {cause}"))?;
        let archive = Archive::parse(&text);
        let mut session =
            Session::new(self, archive).map_err(|problem| format!("{name}: {problem}"))?;
        let end = session.run().map_err(|(line, problem)| {
            format!(
                "{name}:{line}: {problem}\n{}",
                indented(&session.log.join("\n"))
            )
        })?;
        if let Some(text) = session.updated() {
            std::fs::write(path, text)
                .map_err(|cause| format!("{name}: cannot update it: {cause}"))?;
        }
        Ok(end)
    }
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests;
