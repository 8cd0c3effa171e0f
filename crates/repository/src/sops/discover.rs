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
use nixseal_base::fs::{self, FsError};
use nixseal_document::Format;
use nixseal_sops::config::{CONFIG_FILE, Config, CreationRule, Located, locate};
use nixseal_sops::{EncryptedFile, Error, MetadataError};
use rayon::prelude::*;

use crate::secret::FILE_LIMIT;

/// Largest configuration that is read, in bytes.
const CONFIG_LIMIT: usize = 16 * 1024 * 1024;
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

/// A `.sops.yaml` and the folder that it governs.
#[derive(Debug)]
pub struct ConfigFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
}

impl ConfigFile {
    /// Reads one.
    ///
    /// # Errors
    /// When it cannot be read, or `sops` would refuse it as a whole.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let text = fs::read_text(path, CONFIG_LIMIT)
            .map_err(|error| Diagnostic::error(error.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            config: Config::parse(path, &text)?,
        })
    }

    /// The folder whose files its rules are for.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The rule for a file, as its number: the first that matches, as in `sops`.
    ///
    /// # Errors
    /// When an expression before it is invalid.
    pub fn rule_for(&self, file: &Path) -> Result<Option<usize>, &Diagnostic> {
        let relative = file.strip_prefix(self.folder()).unwrap_or(file);
        let relative = relative.to_string_lossy();
        for (number, rule) in self.rules().iter().enumerate() {
            if rule.matches(&relative)? {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Its creation rules, in order.
    pub fn rules(&self) -> &[CreationRule] {
        self.config.creation_rules.as_deref().unwrap_or_default()
    }
}

/// A file that a creation rule is for.
#[derive(Debug)]
pub struct Covered {
    /// Its absolute path.
    pub path: PathBuf,
    /// The configuration that governs it.
    pub config: Arc<ConfigFile>,
    /// The number of its rule there.
    pub rule: usize,
    /// What is in it.
    pub content: Content,
}

impl Covered {
    /// The rule itself.
    pub fn rule(&self) -> Option<&CreationRule> {
        self.config.rules().get(self.rule)
    }
}

/// What a file holds.
#[derive(Debug)]
pub enum Content {
    /// A file of SOPS.
    Encrypted(Box<EncryptedFile>),
    /// A file of SOPS that cannot be read as one, for example after a merge.
    Damaged(Error),
    /// Something that is not encrypted.
    Clear,
    /// Nothing at all, or a file that another tool encrypted.
    Other,
    /// It could not be read.
    Unreadable(FsError),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Tree {
    /// All configurations, sorted by path.
    pub configs: Vec<Arc<ConfigFile>>,
    /// Configurations and folders that could not be read; what they govern was not looked at.
    pub broken: Vec<Diagnostic>,
    /// Files that rules are for, sorted by path.
    pub files: Vec<Covered>,
}

impl Tree {
    /// Rules that are for no file of the tree.
    pub fn unused_rules(&self) -> impl Iterator<Item = (&ConfigFile, &CreationRule)> {
        let used: BTreeSet<(&Path, usize)> = self
            .files
            .iter()
            .map(|file| (file.config.path.as_path(), file.rule))
            .collect();
        self.configs.iter().flat_map(move |config| {
            let unused: Vec<_> = config
                .rules()
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

/// Finds all files below `root`, an absolute path, that a rule is for.
pub fn walk(root: &Path) -> Tree {
    let mut walk = Walk::default();
    let config = config_above(root).path;
    let config = config.and_then(|path| walk.config(&path));
    walk.folder(root, config.as_ref(), true);
    walk.finish()
}

/// Looks at certain files only; all paths are absolute. Each is governed by the nearest
/// configuration above it. Files that no rule is for are given too, as the second value.
pub fn named(paths: &[PathBuf]) -> (Tree, Vec<PathBuf>) {
    let mut walk = Walk::default();
    let mut without = Vec::new();
    for path in paths {
        let config = path.parent().and_then(|folder| config_above(folder).path);
        let known = |known: &&Arc<ConfigFile>| Some(&known.path) == config.as_ref();
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

#[derive(Default)]
struct Walk {
    tree: Tree,
    candidates: Vec<(PathBuf, Arc<ConfigFile>, usize)>,
}

impl Walk {
    fn config(&mut self, path: &Path) -> Option<Arc<ConfigFile>> {
        match ConfigFile::read(path) {
            Ok(config) => {
                let config = Arc::new(config);
                self.tree.configs.push(Arc::clone(&config));
                Some(config)
            }
            Err(error) => {
                self.tree.broken.push(error);
                None
            }
        }
    }

    fn folder(&mut self, folder: &Path, above: Option<&Arc<ConfigFile>>, top: bool) {
        let mut pending = vec![(folder.to_owned(), above.cloned(), top)];
        while let Some((folder, above, top)) = pending.pop() {
            let own = folder.join(CONFIG_FILE);
            // That of the root was read already.
            let config = match !top && own.is_file() {
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
        config: Option<&Arc<ConfigFile>>,
        pending: &mut Vec<(PathBuf, Option<Arc<ConfigFile>>, bool)>,
    ) {
        let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else {
            return;
        };
        if kind.is_dir() {
            let skipped = name.to_str().is_some_and(|name| SKIPPED.contains(&name));
            let path = entry.path();
            // Folders of compilers and other caches say so.
            if !skipped && !path.join("CACHEDIR.TAG").exists() {
                pending.push((path, config.cloned(), false));
            }
        } else if kind.is_file()
            && name != CONFIG_FILE
            && let Some(config) = config
        {
            self.file(entry.path(), config);
        }
    }

    fn file(&mut self, path: PathBuf, config: &Arc<ConfigFile>) {
        match config.rule_for(&path) {
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
        } = self;
        candidates.sort_by(|one, two| one.0.cmp(&two.0));
        candidates.dedup_by(|one, two| one.0 == two.0);
        tree.configs.sort_by(|one, two| one.path.cmp(&two.path));
        let covered = |(path, config, rule): (PathBuf, Arc<ConfigFile>, usize)| {
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

fn list(folder: &Path) -> io::Result<Vec<DirEntry>> {
    std::fs::read_dir(folder)?.collect()
}

impl Content {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Self {
        match fs::read(path, FILE_LIMIT) {
            Ok(bytes) => Self::of(path, &bytes),
            Err(error) => Self::Unreadable(error),
        }
    }

    /// What `bytes` are, in a file of that name.
    pub fn of(path: &Path, bytes: &[u8]) -> Self {
        let other = OTHERS.iter().any(|begin| bytes.starts_with(begin));
        if other || bytes.is_empty() {
            return Self::Other;
        }
        let Some((format, sure)) = format(path, bytes) else {
            return Self::Clear;
        };
        match parse(format, bytes) {
            Ok(file) => Self::Encrypted(Box::new(file)),
            Err(Error::Metadata(MetadataError::Missing)) => Self::Clear,
            // Other texts may speak of SOPS too.
            Err(error) if sure && holds(bytes, b"ENC[AES256_GCM,") => Self::Damaged(error),
            Err(_) => Self::Clear,
        }
    }
}

/// The format of what may be a file of SOPS: by its name, as `sops` has it; where that says
/// nothing, by its content. The second value tells whether it can hardly be anything else. None
/// for what is no file of SOPS for certain.
pub fn format(path: &Path, bytes: &[u8]) -> Option<(Format, bool)> {
    let head = bytes.get(..HEAD.min(bytes.len())).unwrap_or_default();
    if head.contains(&0) || !holds(bytes, b"sops") {
        return None;
    }
    match Format::for_path(&path.to_string_lossy()) {
        Format::Binary => {}
        format => return Some((format, true)),
    }
    if bytes.trim_ascii_start().starts_with(b"{") {
        return Some((Format::Binary, true));
    }
    let line = |text: &[u8]| bytes.starts_with(text) || holds(bytes, &[b"\n", text].concat());
    let marks: [(&[u8], Format); 3] = [
        (b"sops:", Format::Yaml),
        (b"[sops]", Format::Ini),
        (b"sops_", Format::Dotenv),
    ];
    let found = marks.into_iter().find(|(mark, _)| line(mark));
    found.map(|(_, format)| (format, false))
}

/// A JSON file that only its content tells for one may hold more than a binary file does.
fn parse(format: Format, bytes: &[u8]) -> Result<EncryptedFile, Error> {
    let file = EncryptedFile::parse(format, bytes)?;
    let binary = || {
        let keys = file.documents().iter().flat_map(|map| map.pairs());
        keys.map(|pair| pair.key.as_str()).eq(["data"])
    };
    if format != Format::Binary || binary() {
        return Ok(file);
    }
    EncryptedFile::parse(Format::Json, bytes)
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memmem::find(bytes, text).is_some()
}

#[cfg(test)]
#[path = "discover/tests.rs"]
mod tests;
