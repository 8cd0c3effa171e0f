//! What the history of a repository tells of its secrets, without any key: who could open which
//! version of which file, and since when a value is what it is.
//!
//! The history is read once, from the commit that is checked out backwards, all sides of merges
//! included: one `git log` for what changed, one `git cat-file` for the contents, of which each is
//! looked at once however many commits have it. What is in the work tree only is the last version.

mod ages;
mod blobs;
mod content;
mod log;
mod rules;
mod trace;

pub use ages::{Age, ages};
pub use log::Commit;
pub use trace::{Evidence, FileTrace, Span, Trace, ValueTrace, Verdict, trace};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_base::env::Environment;
use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;
use nixseal_repository::Repository;
use nixseal_repository::holders::Holders;
use nixseal_repository::locate::normalize;
use nixseal_repository::lock::{FileDigest, Lock, RecipientId, past_entries};
use nixseal_sops::KeyId;
use nixseal_sops::config::{CONFIG_FILE, Config};
use rayon::prelude::*;

use self::blobs::Blobs;
use self::content::{Content, Print};
use self::log::{Change, Log};
use self::rules::{PastRules, Place, Secrets, State, World, is_rules};
use crate::command::{Git, GitError};

/// How many contents are in memory at once.
const AT_ONCE: usize = 2048;
/// Largest file of the work tree that is looked at, in bytes.
const LIMIT: usize = 64 * 1024 * 1024;
/// Suffixes of files that are no secrets, unless a rule says so.
const NO_SECRETS: &[&str] = &[
    "bash", "c", "css", "diff", "el", "fish", "gif", "go", "h", "hs", "html", "ico", "jpeg", "jpg",
    "js", "kdl", "lock", "lua", "md", "mp3", "mp4", "nix", "nu", "org", "otf", "patch", "pdf",
    "png", "pub", "py", "rasi", "rs", "rst", "scss", "sh", "svg", "toml", "ts", "ttf", "vim",
    "webp", "woff", "woff2", "xml", "zsh",
];

/// A commit, by its place in [`Past::commits`]; none for what is not committed.
pub type When = Option<usize>;

/// A version of a file.
#[derive(Debug)]
struct Version {
    when: When,
    /// Place in [`Past::contents`]; none where the file is gone.
    content: Option<usize>,
    /// First and last version of the rules while this was the file.
    rules: (usize, usize),
}

/// The history of a repository.
pub struct Past {
    /// The top folder of the work tree.
    pub top: PathBuf,
    /// Commits, parents first.
    pub commits: Vec<Commit>,
    /// Whether older commits exist that are not here, as in shallow clones.
    pub is_shallow: bool,
    /// Everybody who is, or was, a recipient.
    pub holders: Holders,
    /// Versions by path from the top, oldest first.
    files: BTreeMap<PathBuf, Vec<Version>>,
    contents: Vec<Content>,
    /// When a content, and when an encrypted value, was first there.
    first_content: Vec<When>,
    first_value: HashMap<Print, When>,
    /// What locks recorded of files, by the digests of these.
    recorded: HashMap<FileDigest, BTreeSet<RecipientId>>,
    rules: PastRules,
}

/// What is known of the work tree already.
#[derive(Default)]
pub struct Present<'a> {
    /// The rules of `.age` files at hand.
    pub repository: Option<&'a Repository>,
    /// Absolute paths of secrets, also of those that git does not know.
    pub paths: Vec<PathBuf>,
}

impl Past {
    /// Reads the history of the repository that `folder` is in. `environment` is for rules in Nix.
    ///
    /// # Errors
    /// [`GitError`]: no `git`, or no repository.
    pub fn read(
        folder: &Path,
        present: &Present<'_>,
        environment: &Environment,
    ) -> Result<Self, GitError> {
        let git = Git::new(folder);
        let top = git.top()?;
        let git = Git::new(&top);
        let is_shallow = git.path(&["rev-parse", "--git-path", "shallow"])?.exists();
        let log = log::read(&git)?;
        let mut reader = Reader::new(&git, &top, present, environment)?;
        let changes = reader.changes(&git, &log)?;
        reader.contents(&changes)?;
        reader.walk(&changes);
        reader.finish(log, is_shallow)
    }

    /// A commit; none for what is not committed.
    pub fn commit(&self, when: When) -> Option<&Commit> {
        self.commits.get(when?)
    }

    /// Commits in which rules could not be evaluated: what they said is not known. Each rules file
    /// once.
    pub fn unknown_rules(&self) -> BTreeMap<&Path, usize> {
        let mut counts = BTreeMap::new();
        for (path, _) in &self.rules.broken {
            *counts.entry(path.as_path()).or_default() += 1;
        }
        counts
    }

    fn content(&self, version: &Version) -> Option<&Content> {
        self.contents.get(version.content?)
    }
}

/// A change of the history or of the work tree.
struct Step {
    when: When,
    path: PathBuf,
    place: Option<Place>,
}

struct Reader<'a> {
    top: &'a Path,
    present: &'a Present<'a>,
    own_rules: Option<PathBuf>,
    own_paths: BTreeSet<PathBuf>,
    environment: &'a Environment,
    blobs: Blobs,
    holders: Holders,
    contents: Vec<Content>,
    by_blob: HashMap<Arc<str>, usize>,
    by_path: HashMap<PathBuf, usize>,
    recorded: HashMap<FileDigest, BTreeSet<RecipientId>>,
    rules: PastRules,
    files: BTreeMap<PathBuf, Vec<Version>>,
}

impl<'a> Reader<'a> {
    fn new(
        git: &Git,
        top: &'a Path,
        present: &'a Present<'a>,
        environment: &'a Environment,
    ) -> Result<Self, GitError> {
        // git follows links on the way to the top; what a user typed may not.
        let below = |path: &Path| {
            let real = || {
                path.canonicalize()
                    .ok()?
                    .strip_prefix(top)
                    .ok()
                    .map(Path::to_owned)
            };
            path.strip_prefix(top)
                .ok()
                .map(Path::to_owned)
                .or_else(real)
        };
        let rules = present.repository.map(|one| one.rules.as_path());
        let rules = rules.and_then(|path| below(&path.canonicalize().ok()?));
        Ok(Self {
            top,
            present,
            own_rules: rules,
            own_paths: present
                .paths
                .iter()
                .filter_map(|path| below(path))
                .collect(),
            environment,
            blobs: Blobs::open(git)?,
            holders: Holders::default(),
            contents: Vec::new(),
            by_blob: HashMap::new(),
            by_path: HashMap::new(),
            recorded: HashMap::new(),
            rules: PastRules::default(),
            files: BTreeMap::new(),
        })
    }

    /// The history, what a merge took from one side without a word, and the work tree.
    fn changes(&self, git: &Git, log: &Log) -> Result<Vec<Step>, GitError> {
        let step = |change: &Change| Step {
            when: Some(change.commit),
            path: change.path.clone(),
            place: change.blob.clone().map(Place::Git),
        };
        let mut steps: Vec<Step> = log.changes.iter().map(step).collect();
        let mut state: HashMap<&Path, Option<&Arc<str>>> = HashMap::new();
        for change in &log.changes {
            state.insert(&change.path, change.blob.as_ref());
        }
        let head = log.commits.len().checked_sub(1);
        let tree = match head {
            Some(_) => log::tree(git)?,
            None => Vec::new(),
        };
        for (path, id) in &tree {
            if state.remove(path.as_path()).flatten() != Some(id) {
                let place = Some(Place::Git(Arc::clone(id)));
                steps.push(Step {
                    when: head,
                    path: path.clone(),
                    place,
                });
            }
        }
        let gone = state.into_iter().filter(|(_, blob)| blob.is_some());
        let mut gone: Vec<&Path> = gone.map(|(path, _)| path).collect();
        gone.sort_unstable();
        for path in gone {
            steps.push(Step {
                when: head,
                path: path.to_owned(),
                place: None,
            });
        }
        let known: BTreeSet<&Path> = tree.iter().map(|(path, _)| path.as_path()).collect();
        let unknown = self
            .own_paths
            .iter()
            .filter(|path| !known.contains(path.as_path()));
        let dirty: BTreeSet<PathBuf> = log::dirty(git)?
            .into_iter()
            .chain(unknown.cloned())
            .collect();
        for path in dirty {
            let place = self.top.join(&path).is_file().then_some(Place::Disk);
            if place.is_some() || known.contains(path.as_path()) {
                steps.push(Step {
                    when: None,
                    path,
                    place,
                });
            }
        }
        Ok(steps)
    }

    /// Looks at every content once: secrets, locks and rules of SOPS.
    fn contents(&mut self, steps: &[Step]) -> Result<(), GitError> {
        let mut wanted: Vec<(Place, &Path)> = Vec::new();
        let mut seen: BTreeSet<Arc<str>> = BTreeSet::new();
        for step in steps {
            let interesting = self.is_candidate(&step.path) || self.is_about(&step.path);
            match &step.place {
                Some(Place::Git(id)) if interesting && seen.insert(Arc::clone(id)) => {
                    wanted.push((Place::Git(Arc::clone(id)), &step.path));
                }
                Some(Place::Disk) if interesting => wanted.push((Place::Disk, &step.path)),
                _ => {}
            }
        }
        for part in wanted.chunks(AT_ONCE) {
            let ids: Vec<Arc<str>> = part.iter().filter_map(|(place, _)| id_of(place)).collect();
            let mut blobs = self.blobs.all(&ids)?.into_iter();
            let bytes: Vec<Option<SecretBytes>> = part
                .iter()
                .map(|(place, path)| match place {
                    Place::Git(_) => blobs.next().flatten(),
                    Place::Disk => fs::read_secret(&self.top.join(path), LIMIT).ok(),
                })
                .collect();
            let read: Vec<Content> = part
                .par_iter()
                .zip(&bytes)
                .map(|((_, path), bytes)| match bytes {
                    Some(bytes) if self.is_candidate(path) => {
                        content::read(&self.top.join(path), bytes.expose())
                    }
                    _ => Content::Other,
                })
                .collect();
            for (((place, path), bytes), content) in part.iter().zip(&bytes).zip(read) {
                if let Some(text) = bytes.as_ref().and_then(SecretBytes::as_text) {
                    self.about(path, text);
                }
                self.keep(place, path, content);
            }
        }
        Ok(())
    }

    fn keep(&mut self, place: &Place, path: &Path, content: Content) {
        if matches!(content, Content::Other) {
            return;
        }
        let index = self.contents.len();
        match place {
            Place::Git(id) => {
                self.by_blob.insert(Arc::clone(id), index);
            }
            Place::Disk => {
                self.by_path.insert(path.to_owned(), index);
            }
        }
        self.contents.push(content);
    }

    fn is_candidate(&self, path: &Path) -> bool {
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        let text = suffix.is_some_and(|suffix| NO_SECRETS.contains(&suffix));
        !text && path.file_name() != Some(CONFIG_FILE.as_ref()) || self.own_paths.contains(path)
    }

    /// Whether a file tells of recipients.
    fn is_about(&self, path: &Path) -> bool {
        self.is_lock(path) || path.file_name() == Some(CONFIG_FILE.as_ref())
    }

    fn is_lock(&self, path: &Path) -> bool {
        path.extension().is_some_and(|suffix| suffix == "lock")
            && is_rules(&path.with_extension("nix"), self.own_rules.as_deref())
    }

    fn about(&mut self, path: &Path, text: &str) {
        if self.is_lock(path) {
            for entry in past_entries(text) {
                if !self.recorded.contains_key(&entry.digest) {
                    entry
                        .recipients
                        .iter()
                        .for_each(|id| self.holders.recorded(id));
                    self.recorded.insert(entry.digest, entry.recipients);
                }
            }
        } else if path.file_name() == Some(CONFIG_FILE.as_ref())
            && let Ok(config) = Config::parse(path, text)
        {
            for (key, name) in config.owners.iter() {
                let name = name.to_owned();
                let hex = key.len() >= 16 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
                if hex {
                    self.holders.sops(&KeyId::pgp(key), Some(&name));
                } else {
                    self.holders.age(key, &[name]);
                }
            }
        }
    }

    /// Goes through the history: versions of files, and the rules that were true meanwhile.
    fn walk(&mut self, steps: &[Step]) {
        let mut state = State::new();
        for group in steps.chunk_by(|one, two| one.when == two.when) {
            for step in group {
                match &step.place {
                    Some(place) => state.insert(step.path.clone(), place.clone()),
                    None => state.remove(&step.path),
                };
            }
            let mut world = World {
                top: self.top,
                state: &state,
                blobs: &mut self.blobs,
                environment: self.environment,
                holders: &mut self.holders,
                rules: self.own_rules.as_deref(),
            };
            let changed: Vec<&Path> = group.iter().map(|step| step.path.as_path()).collect();
            self.rules.update(&mut world, &changed);
            for step in group {
                self.version(step);
            }
        }
        self.add_rules_at_hand();
        let last = self.rules.version();
        for versions in self.files.values_mut() {
            if let Some(version) = versions.last_mut() {
                version.rules.1 = last;
            }
        }
    }

    fn version(&mut self, step: &Step) {
        let content = match &step.place {
            None => None,
            Some(Place::Git(id)) => self.by_blob.get(id).copied(),
            Some(Place::Disk) => self.by_path.get(&step.path).copied(),
        };
        let now = self.rules.version();
        let versions = match content {
            Some(_) => self.files.entry(step.path.clone()).or_default(),
            // What never was a secret has no history.
            None => match self.files.get_mut(&step.path) {
                Some(versions) => versions,
                None => return,
            },
        };
        if let Some(before) = versions.last_mut() {
            before.rules.1 = now;
        }
        versions.push(Version {
            when: step.when,
            content,
            rules: (now, now),
        });
    }

    /// The rules at hand, also where only Nix could evaluate them, and their names.
    fn add_rules_at_hand(&mut self) {
        let Some(repository) = self.present.repository else {
            return;
        };
        let mut secrets = Secrets::new();
        for secret in &repository.secrets {
            let readers = secret.readers.iter().flatten();
            let ids = readers.map(|reader| self.holders.reader(reader)).collect();
            let folder = self.own_rules.as_deref().and_then(Path::parent);
            if let Some(folder) = folder {
                secrets.insert(normalize(&folder.join(&secret.name)), ids);
            }
        }
        self.rules.add(secrets);
        if let Ok(text) = fs::read_text(&Lock::path_of(&repository.rules), LIMIT) {
            for entry in past_entries(&text) {
                self.recorded
                    .entry(entry.digest)
                    .or_insert(entry.recipients);
            }
        }
    }

    fn finish(self, log: Log, is_shallow: bool) -> Result<Past, GitError> {
        let Self {
            mut holders,
            contents,
            files,
            ..
        } = self;
        let mut first_content: Vec<Option<When>> = vec![None; contents.len()];
        let mut first_value = HashMap::new();
        let versions = files.values().flatten();
        let mut ordered: Vec<&Version> = versions.filter(|one| one.content.is_some()).collect();
        ordered.sort_by_key(|one| one.when.unwrap_or(usize::MAX));
        for version in ordered {
            let Some(index) = version.content else {
                continue;
            };
            if let Some(first) = first_content.get_mut(index)
                && first.is_none()
            {
                *first = Some(version.when);
                if let Some(Content::Sops(file)) = contents.get(index) {
                    for value in &file.values {
                        first_value.entry(value.print).or_insert(version.when);
                    }
                    for one in &file.keys {
                        holders.sops(&one.key, None);
                    }
                }
            }
        }
        Ok(Past {
            top: self.top.to_owned(),
            commits: log.commits,
            is_shallow,
            holders,
            files,
            contents,
            first_content: first_content.into_iter().map(Option::flatten).collect(),
            first_value,
            recorded: self.recorded,
            rules: self.rules,
        })
    }
}

fn id_of(place: &Place) -> Option<Arc<str>> {
    match place {
        Place::Git(id) => Some(Arc::clone(id)),
        Place::Disk => None,
    }
}
