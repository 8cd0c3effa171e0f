//! Finding the files of a tree that creation rules are for.
//!
//! The nearest `.sops.yaml` above the start governs the tree; those in folders below govern
//! theirs. Only files that a rule is for are read. Symlinks are not followed: what they lead to is
//! found where it is, and `result` links of builds lead out of the tree.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem;
use nixseal_base::diag::Diagnostic;
use nixseal_base::fs;
use nixseal_document::Format;
use nixseal_sops::config::{CONFIG_FILE, CreationRule, Located, locate};
use rayon::prelude::*;

use super::{SopsError, SopsFile, SopsRules};
use crate::secret::FILE_LIMIT;

/// How much of a file tells whether it is text.
const HEAD: usize = 8 * 1024;
/// Folders of tools, in which nobody keeps secrets for others.
const SKIPPED: &[&str] = &[
    ".cache",
    ".devenv",
    ".direnv",
    ".git",
    ".hg",
    ".jj",
    ".svn",
    ".terraform",
    ".venv",
    "node_modules",
];
/// What other encrypted files begin with.
const OTHERS: &[&[u8]] = &[
    b"age-encryption.org/",
    b"-----BEGIN AGE ENCRYPTED FILE-----",
    b"-----BEGIN PGP MESSAGE-----",
];

/// A file that a creation rule is for.
#[derive(Debug)]
pub struct Covered {
    /// Its absolute path.
    pub path: PathBuf,
    /// The configuration that governs it.
    pub config: Arc<SopsRules>,
    /// The number of its rule there.
    pub rule: usize,
    /// What is in it.
    pub content: Content,
}

impl Covered {
    /// The rule itself.
    pub fn rule(&self) -> Option<&CreationRule> {
        rules_of(&self.config).get(self.rule)
    }
}

/// What a file holds.
#[derive(Debug)]
pub enum Content {
    /// A file of SOPS.
    Encrypted(Box<SopsFile>),
    /// A file that cannot be read, or was a file of SOPS, for example before a merge.
    Damaged(SopsError),
    /// Something that is not encrypted.
    Clear,
    /// Nothing at all, or a file that another tool encrypted.
    Other,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Tree {
    /// All configurations, sorted by path.
    pub configs: Vec<Arc<SopsRules>>,
    /// Configurations and folders that could not be read; what they govern was not looked at.
    pub broken: Vec<Diagnostic>,
    /// What is odd about where configurations are, as warnings.
    pub odd: Vec<Diagnostic>,
    /// Files that rules are for, sorted by path.
    pub files: Vec<Covered>,
}

impl Tree {
    /// Rules that are for no file of the tree.
    pub fn unused_rules(&self) -> impl Iterator<Item = (&SopsRules, &CreationRule)> {
        let used: BTreeSet<(&Path, usize)> = self
            .files
            .iter()
            .map(|file| (file.config.path.as_path(), file.rule))
            .collect();
        self.configs.iter().flat_map(move |config| {
            let unused: Vec<_> = rules_of(config)
                .iter()
                .enumerate()
                .filter(|(number, _)| !used.contains(&(config.path.as_path(), *number)))
                .map(|(_, rule)| (&**config, rule))
                .collect();
            unused
        })
    }
}

/// Looks for the configuration of `folder`, an absolute path, there and above.
pub fn config_above(folder: &Path) -> Located {
    locate(folder, Path::is_file)
}

/// The folder in which a walk that starts at `start` begins: that of the configuration above, but
/// not outside of the git work tree. None where there is neither: a whole home folder is not
/// searched.
pub fn root(start: &Path) -> Option<PathBuf> {
    let config = config_above(start).path;
    let folder = config.as_deref().and_then(Path::parent);
    let work_tree = start
        .ancestors()
        .find(|folder| folder.join(".git").exists());
    match (folder, work_tree) {
        (Some(folder), Some(work_tree)) if work_tree.starts_with(folder) => {
            Some(work_tree.to_owned())
        }
        (Some(folder), _) => Some(folder.to_owned()),
        (None, Some(_)) => Some(start.to_owned()),
        (None, None) => None,
    }
}

/// Whether a folder is one of a tool, or a cache: nobody keeps secrets for others in it.
pub fn is_skipped(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    // Folders of compilers and other caches say so.
    name.is_some_and(|name| SKIPPED.contains(&name)) || folder.join("CACHEDIR.TAG").exists()
}

/// Finds all files below `root`, an absolute path, that a rule is for. Findings show paths from
/// `current`.
pub fn walk(root: &Path, current: &Path) -> Tree {
    let mut walk = Walk::new(current);
    let Located { path, ignored } = config_above(root);
    if let Some(ignored) = ignored {
        let shown = ignored.strip_prefix(current).unwrap_or(&ignored).display();
        let message = format!("'{shown}' is not read: the name is {CONFIG_FILE}");
        walk.tree.odd.push(Diagnostic::warning(message));
    }
    let config = path.and_then(|path| walk.config(&path));
    walk.folder(root, config.as_ref(), true);
    walk.finish()
}

/// The same for the rules at `path`, which a user named: they govern their folder, and those in
/// folders below do not count.
pub fn walk_with(path: &Path, current: &Path) -> Tree {
    let mut walk = Walk::new(current);
    walk.only = true;
    let config = walk.config(path);
    walk.folder(path.parent().unwrap_or(path), config.as_ref(), true);
    walk.finish()
}

/// Looks at certain files only; all paths are absolute. Each is governed by the configuration at
/// `config`, or else by the nearest above it. Files that no rule is for are given too, as the
/// second value.
pub fn named(paths: &[PathBuf], config: Option<&Path>, current: &Path) -> (Tree, Vec<PathBuf>) {
    let mut walk = Walk::new(current);
    let mut without = Vec::new();
    let explicit = config;
    for path in paths {
        let above = || path.parent().and_then(|folder| config_above(folder).path);
        let config = explicit.map(Path::to_owned).or_else(above);
        let known = |known: &&Arc<SopsRules>| Some(&known.path) == config.as_ref();
        let config = match walk.tree.configs.iter().find(known) {
            Some(config) => Some(Arc::clone(config)),
            None => config.and_then(|path| walk.config(&path)),
        };
        let before = walk.candidates.len();
        if let Some(config) = config {
            walk.file(path.clone(), &config);
        }
        if walk.candidates.len() == before {
            without.push(path.clone());
        }
    }
    (walk.finish(), without)
}

struct Walk<'a> {
    tree: Tree,
    candidates: Vec<(PathBuf, Arc<SopsRules>, usize)>,
    current: &'a Path,
    /// Whether configurations that are found on the way do not count.
    only: bool,
}

impl<'a> Walk<'a> {
    fn new(current: &'a Path) -> Self {
        Self {
            tree: Tree::default(),
            candidates: Vec::new(),
            current,
            only: false,
        }
    }

    fn config(&mut self, path: &Path) -> Option<Arc<SopsRules>> {
        match SopsRules::read(path, self.current) {
            Ok(config) => {
                let config = Arc::new(config);
                self.tree.configs.push(Arc::clone(&config));
                Some(config)
            }
            Err(error) => {
                self.tree.broken.push(error.diagnostic());
                None
            }
        }
    }

    fn folder(&mut self, folder: &Path, above: Option<&Arc<SopsRules>>, top: bool) {
        let mut pending = vec![(folder.to_owned(), above.cloned(), top)];
        while let Some((folder, above, top)) = pending.pop() {
            let own = folder.join(CONFIG_FILE);
            // That of the root was read already.
            let config = match !top && !self.only && own.is_file() {
                true => self.config(&own),
                false => above,
            };
            match list(&folder) {
                Ok(entries) => {
                    for entry in entries {
                        self.entry(&entry, config.as_ref(), &mut pending);
                    }
                }
                Err(cause) => {
                    let message = format!("cannot list '{}': {cause}", folder.display());
                    self.tree.broken.push(Diagnostic::error(message));
                }
            }
        }
    }

    fn entry(
        &mut self,
        entry: &DirEntry,
        config: Option<&Arc<SopsRules>>,
        pending: &mut Vec<(PathBuf, Option<Arc<SopsRules>>, bool)>,
    ) {
        let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else {
            return;
        };
        if kind.is_dir() {
            let path = entry.path();
            if !is_skipped(&path) {
                pending.push((path, config.cloned(), false));
            }
        } else if kind.is_file()
            && name != CONFIG_FILE
            && let Some(config) = config
        {
            self.file(entry.path(), config);
        }
    }

    fn file(&mut self, path: PathBuf, config: &Arc<SopsRules>) {
        match rule_for(config, &path) {
            Ok(Some(rule)) => self.candidates.push((path, Arc::clone(config), rule)),
            Ok(None) => {}
            // Once is enough: it is the same for all files.
            Err(error) if self.tree.broken.contains(error) => {}
            Err(error) => self.tree.broken.push(error.clone()),
        }
    }

    fn finish(self) -> Tree {
        let Self {
            mut tree,
            mut candidates,
            ..
        } = self;
        candidates.sort_by(|one, two| one.0.cmp(&two.0));
        candidates.dedup_by(|one, two| one.0 == two.0);
        tree.configs.sort_by(|one, two| one.path.cmp(&two.path));
        let covered = |(path, config, rule): (PathBuf, Arc<SopsRules>, usize)| {
            let content = Content::read(&path);
            Covered {
                path,
                config,
                rule,
                content,
            }
        };
        tree.files = candidates.into_par_iter().map(covered).collect();
        tree
    }
}

/// All files below `root`, sorted; folders of tools and caches are left out, links not followed.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in list(&folder).unwrap_or_default() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_skipped(&entry.path()) => {
                    pending.push(entry.path());
                }
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort_unstable();
    found
}

fn list(folder: &Path) -> io::Result<Vec<DirEntry>> {
    std::fs::read_dir(folder)?.collect()
}

/// The creation rules of a file, in order.
fn rules_of(rules: &SopsRules) -> &[CreationRule] {
    rules.config.creation_rules.as_deref().unwrap_or_default()
}

/// The rule for a file, as its number: the first that matches, as in `sops`.
fn rule_for<'r>(rules: &'r SopsRules, file: &Path) -> Result<Option<usize>, &'r Diagnostic> {
    let folder = rules.path.parent().unwrap_or(Path::new("/"));
    let relative = file.strip_prefix(folder).unwrap_or(file);
    let relative = relative.to_string_lossy();
    for (number, rule) in rules_of(rules).iter().enumerate() {
        if rule.matches(&relative)? {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

impl Content {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Self {
        match fs::read_version(path, FILE_LIMIT) {
            Ok((bytes, stamp)) => Self::told(path, &bytes, || {
                SopsFile::stamped(path, &bytes, None, stamp)
            }),
            Err(error) => Self::Damaged(error.into()),
        }
    }

    /// What `bytes` are, a version of the file at `path` that is not, or not only, there.
    pub fn of(path: &Path, bytes: &[u8]) -> Self {
        Self::told(path, bytes, || SopsFile::version(path, bytes))
    }

    fn told(
        path: &Path,
        bytes: &[u8],
        parse: impl FnOnce() -> Result<SopsFile, SopsError>,
    ) -> Self {
        let other = OTHERS.iter().any(|begin| bytes.starts_with(begin));
        if other || bytes.is_empty() {
            return Self::Other;
        }
        let looks = Looks::of(path, bytes);
        if looks == Looks::Clear {
            return Self::Clear;
        }
        match parse() {
            Ok(file) => Self::Encrypted(Box::new(file)),
            // Other texts may speak of SOPS too.
            Err(error) if looks == Looks::Sops => Self::Damaged(error),
            Err(_) => Self::Clear,
        }
    }
}

/// What a file is at first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// No file of SOPS.
    Clear,
    /// Perhaps one.
    Perhaps,
    /// Hardly anything else.
    Sops,
}

impl Looks {
    fn of(path: &Path, bytes: &[u8]) -> Self {
        let head = bytes.get(..HEAD.min(bytes.len())).unwrap_or_default();
        if head.contains(&0) || !holds(bytes, b"sops") {
            return Self::Clear;
        }
        let named = Format::for_path(&path.to_string_lossy()) != Format::Binary;
        let format = named || bytes.trim_ascii_start().starts_with(b"{");
        if format && holds(bytes, b"ENC[AES256_GCM,") {
            Self::Sops
        } else {
            Self::Perhaps
        }
    }
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memmem::find(bytes, text).is_some()
}

#[cfg(test)]
#[path = "discover/tests.rs"]
mod tests;
