//! One gate over a repository of secrets, for hooks and CI: it needs no private key.
//!
//! [`check`] compares rules with files, files with what configurations declare, and both with what
//! hosts can open; [`fix`] mends what can be mended without a key. Reading is done by the
//! crates of rules, files and Nix texts; here they are held against each other.

mod age;
mod declared;
mod finder;
pub mod fix;
pub mod host;
mod orphan;
pub mod rule;
mod sops;

use std::path::Path;

use nixseal_base::diag::Diagnostic;
use nixseal_lint::Finding;
use nixseal_lint::run::File;
use nixseal_repository::Repository;
use nixseal_repository::rekey::Item;
use nixseal_repository::sops::plan::Plan;

use self::finder::Finder;
use self::host::Host;
pub use self::rule::{Kind, kind};

/// All that was read.
pub struct Input<'a> {
    /// Rules of `.age` files with their locks.
    pub repositories: &'a [Repository],
    /// Rules files that could not be read at all, and why.
    pub broken: Vec<Diagnostic>,
    /// SOPS files compared with their creation rules.
    pub sops: &'a mut Plan,
    /// The files of the repository.
    pub files: &'a [File],
    /// What the Nix files among them say, and what was found in them.
    pub lint: nixseal_lint::Report,
    /// Hosts whose keys are known.
    pub hosts: &'a [Host],
    /// From where paths are shown.
    pub base: &'a Path,
}

/// A finding, the same for programs and people.
pub type Findings = Vec<Finding>;

/// Holds everything against everything; findings are grouped by their kind.
pub fn check(input: Input<'_>) -> Findings {
    let mut finder = Finder::new(input.base);
    for one in &input.broken {
        finder.diagnostic(rule::RULES_UNUSABLE, one);
    }
    let plans: Vec<(&Repository, Vec<Item<'_>>)> = input
        .repositories
        .iter()
        .map(|repository| (repository, age::look(&mut finder, repository)))
        .collect();
    sops::look(&mut finder, input.sops);
    orphan::look(&mut finder, input.repositories, input.sops, input.files);
    declared::look(&mut finder, &input.lint.declarations);
    host::look(&mut finder, input.hosts, &plans);
    finder.found.extend(input.lint.findings);
    let mut found = finder.found;
    nixseal_lint::run::sort(&mut found);
    found.sort_by_key(|one| kind(one.rule));
    found
}
