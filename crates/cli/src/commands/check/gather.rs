//! All that a check reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nixseal_base::diag::Diagnostic;
use nixseal_base::fs;
use nixseal_check::host::Host;
use nixseal_check::{Findings, Input, check};
use nixseal_git::Git;
use nixseal_lint::Report;
use nixseal_lint::run::File;
use nixseal_repository::Repository;
use nixseal_repository::locate::{normalize, rules_file};
use nixseal_repository::sops::is_age_name;
use nixseal_repository::sops::plan::{Plan, plan};

use crate::args::Check;
use crate::commands::Session;
use crate::commands::lint::look;
use crate::commands::lint::output::Form;
use crate::commands::lint::scope::in_folder;
use crate::commands::rekey::scope::Scope;
use crate::failure::Failure;

/// Largest manifest that is read.
const LARGEST: usize = 64 << 20;

/// A repository, read once.
pub(super) struct Gathered {
    /// Where it begins.
    pub(super) top: PathBuf,
    /// From where paths are shown.
    pub(super) base: PathBuf,
    pub(super) files: Vec<File>,
    pub(super) repositories: Vec<Repository>,
    broken: Vec<Diagnostic>,
    sops: Plan,
    lint: Report,
    hosts: Vec<Host>,
}

impl Gathered {
    /// Reads rules, files and Nix texts of the work tree around the user.
    pub(super) fn read(
        session: &Session<'_>,
        arguments: &Check,
        form: Form,
    ) -> Result<Self, Failure> {
        let current = &session.current;
        let top = Git::new(current).top().unwrap_or_else(|_| current.clone());
        let base = match form {
            Form::Sarif => top.clone(),
            _ => current.clone(),
        };
        let shown = |path: &Path| path.strip_prefix(&base).unwrap_or(path).to_owned();
        let files = in_folder(&top).into_iter();
        let files: Vec<File> = files
            .map(|path| File {
                shown: shown(&path),
                path,
            })
            .collect();
        let scope = Scope::perhaps(session, &arguments.rules)?;
        let (repositories, broken) = rules(session, arguments, &scope, &files);
        Ok(Self {
            hosts: hosts(session, arguments)?,
            lint: look(session.context, &files)?,
            sops: scope.tree.map(plan).unwrap_or_default(),
            top,
            base,
            files,
            repositories,
            broken,
        })
    }

    /// How many secrets there are rules for.
    pub(super) fn secrets(&self) -> usize {
        let age: usize = self.repositories.iter().map(|one| one.secrets.len()).sum();
        age + self.sops.items.len() + self.sops.clear.len() + self.sops.bad.len()
    }

    /// Holds everything against everything.
    pub(super) fn check(mut self) -> Findings {
        self.take_check()
    }

    /// The same, for a first look: what was read of Nix texts is gone afterwards.
    pub(super) fn take_check(&mut self) -> Findings {
        check(Input {
            repositories: &self.repositories,
            broken: std::mem::take(&mut self.broken),
            sops: &mut self.sops,
            files: &self.files,
            lint: std::mem::take(&mut self.lint),
            hosts: &self.hosts,
            base: &self.base,
        })
    }
}

/// The rules around the user, and the nearest of every `.age` file elsewhere; each once.
fn rules(
    session: &Session<'_>,
    arguments: &Check,
    scope: &Scope,
    files: &[File],
) -> (Vec<Repository>, Vec<Diagnostic>) {
    let mut paths: Vec<PathBuf> = scope.rules().map(Path::to_owned).into_iter().collect();
    if arguments.rules.rules.is_none() {
        let environment = &session.context.environment;
        let mut nearest: BTreeMap<&Path, Option<PathBuf>> = BTreeMap::new();
        for file in files.iter().filter(|file| is_age_name(&file.path)) {
            let folder = file.path.parent().unwrap_or(&file.path);
            nearest
                .entry(folder)
                .or_insert_with(|| rules_file(None, environment, Some(&file.path), folder).ok());
        }
        paths.extend(nearest.into_values().flatten());
    }
    let mut paths: Vec<PathBuf> = paths.iter().map(|path| normalize(path)).collect();
    paths.sort_unstable();
    paths.dedup();
    let (mut repositories, mut broken) = (Vec::new(), Vec::new());
    for path in paths {
        match session.repository_at(&path) {
            Ok(repository) => repositories.push(repository),
            Err(failure) => broken.extend(failure.diagnostics),
        }
    }
    (repositories, broken)
}

fn hosts(session: &Session<'_>, arguments: &Check) -> Result<Vec<Host>, Failure> {
    let host = |path: &PathBuf| {
        let path = normalize(&session.current.join(path));
        let text = fs::read_text(&path, LARGEST)?;
        Ok(Host::parse(&path, &text)?)
    };
    arguments.manifest.iter().map(host).collect()
}
