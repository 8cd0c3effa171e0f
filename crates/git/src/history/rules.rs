//! Rules of the past: `secrets.nix` evaluated as it was, whenever something that it reads changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nixseal_base::env::Environment;
use nixseal_base::fs;
use nixseal_nix::eval::{PastFile, PastFiles};
use nixseal_nix::rules::{RulesError, load_past};
use nixseal_repository::holders::Holders;
use nixseal_repository::locate::normalize;
use nixseal_repository::lock::RecipientId;

use super::blobs::Blobs;

/// Largest file that rules are read from, in bytes.
const LIMIT: usize = 16 * 1024 * 1024;

/// Recipients by the file that a rule is for, from the top of the work tree.
pub(super) type Secrets = HashMap<PathBuf, Vec<RecipientId>>;

/// Where a content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In git, under this id.
    Git(Arc<str>),
    /// In the work tree only.
    Disk,
}

/// All files of one commit.
pub(super) type State = BTreeMap<PathBuf, Place>;

/// One rules file over time.
struct Tracked {
    /// What it read; a change of these changes the rules.
    read: BTreeSet<PathBuf>,
    now: Arc<Secrets>,
}

/// All rules files over time.
#[derive(Default)]
pub(super) struct PastRules {
    tracked: BTreeMap<PathBuf, Tracked>,
    /// The rules by version; each is true until the next.
    versions: Vec<Vec<Arc<Secrets>>>,
    /// Rules files that could not be evaluated, with the version: nobody knows what they said.
    pub(super) broken: Vec<(PathBuf, usize)>,
}

impl PastRules {
    /// The version that is true now; none before the first.
    pub(super) fn version(&self) -> usize {
        self.versions.len().saturating_sub(1)
    }

    /// Whether one of `keys` was a recipient of a file by any of some versions.
    pub(super) fn name_any(
        &self,
        versions: (usize, usize),
        path: &Path,
        keys: &BTreeSet<RecipientId>,
    ) -> bool {
        let versions = self.versions.get(versions.0..=versions.1.max(versions.0));
        let maps = versions.into_iter().flatten().flatten();
        let mut recipients = maps.filter_map(|map| map.get(path)).flatten();
        recipients.any(|id| keys.contains(id))
    }

    /// Looks at the rules again after `changed` files changed; whether they say something else.
    pub(super) fn update(&mut self, world: &mut World<'_>, changed: &[&Path]) -> bool {
        let mut stale: BTreeSet<PathBuf> = changed
            .iter()
            .filter(|path| world.is_rules(path))
            .map(|path| path.to_path_buf())
            .collect();
        for (rules, tracked) in &self.tracked {
            let hit = |path: &&Path| {
                // Folders that were listed count for all in them.
                path.ancestors().any(|path| tracked.read.contains(path))
            };
            if changed.iter().any(hit) {
                stale.insert(rules.clone());
            }
        }
        let mut differs = false;
        for rules in stale {
            differs |= self.evaluate(world, &rules);
        }
        if differs {
            let maps = self.tracked.values().map(|one| Arc::clone(&one.now));
            self.versions.push(maps.collect());
        }
        differs
    }

    fn evaluate(&mut self, world: &mut World<'_>, rules: &Path) -> bool {
        if !world.state.contains_key(rules) {
            return self.tracked.remove(rules).is_some();
        }
        let files = Files {
            top: world.top,
            state: world.state,
            blobs: Mutex::new(world.blobs),
            read: Mutex::default(),
        };
        let loaded = load_past(&world.top.join(rules), world.environment, &files);
        let mut read = files
            .read
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        read.insert(rules.to_owned());
        let folder = rules.parent().unwrap_or(Path::new(""));
        let mut secrets = Secrets::new();
        let own = world.rules == Some(rules);
        let complete = match &loaded {
            Ok(loaded) => loaded
                .broken
                .iter()
                .all(|rule| is_no_rule(&rule.error, own)),
            Err(error) => is_no_rule(error, own),
        };
        if let Ok(loaded) = loaded {
            for rule in loaded.entries {
                let keys = rule.public_keys.iter();
                let ids = keys.filter_map(|key| world.holders.age(&key.text, &key.names));
                let ids = ids.collect();
                secrets.insert(normalize(&folder.join(&rule.name)), ids);
            }
        }
        if !complete {
            self.broken.push((rules.to_owned(), self.versions.len()));
        }
        let before = self.tracked.get(rules).map(|one| Arc::clone(&one.now));
        let differs = before.is_none_or(|before| *before != secrets);
        let now = Arc::new(secrets);
        self.tracked.insert(rules.to_owned(), Tracked { read, now });
        differs
    }

    /// Adds what the rules at hand say, which may have needed Nix.
    pub(super) fn add(&mut self, secrets: Secrets) {
        let mut maps: Vec<Arc<Secrets>> = self.versions.last().cloned().unwrap_or_default();
        maps.push(Arc::new(secrets));
        self.versions.push(maps);
    }
}

/// Whether something was evaluated and is no rule. Modules too are called `secrets.nix`; only of
/// the rules at hand it is known that they are some.
fn is_no_rule(error: &RulesError, own: bool) -> bool {
    !own && matches!(error, RulesError::Shape(_))
}

/// What an evaluation of the past needs.
pub(super) struct World<'a> {
    pub(super) top: &'a Path,
    pub(super) state: &'a State,
    pub(super) blobs: &'a mut Blobs,
    pub(super) environment: &'a Environment,
    pub(super) holders: &'a mut Holders,
    /// The rules file at hand, from the top; others are told by their name.
    pub(super) rules: Option<&'a Path>,
}

impl World<'_> {
    fn is_rules(&self, path: &Path) -> bool {
        is_rules(path, self.rules)
    }
}

/// Whether a path is that of rules: those at hand, or by its name.
pub(super) fn is_rules(path: &Path, own: Option<&Path>) -> bool {
    Some(path) == own || path.file_name().is_some_and(|name| name == "secrets.nix")
}

/// The files of one commit as an evaluation reads them.
struct Files<'a> {
    top: &'a Path,
    state: &'a State,
    blobs: Mutex<&'a mut Blobs>,
    read: Mutex<BTreeSet<PathBuf>>,
}

impl PastFiles for Files<'_> {
    fn at(&self, path: &Path) -> Option<PastFile> {
        let path = path.strip_prefix(self.top).ok()?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(path.to_owned());
        drop(read);
        let Some(place) = self.state.get(path) else {
            return Some(self.folder(path));
        };
        let bytes = match place {
            Place::Disk => fs::read(&self.top.join(path), LIMIT).ok(),
            Place::Git(id) => {
                let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
                let bytes = blobs.get(id).ok().flatten();
                bytes.map(|bytes| bytes.expose().to_vec())
            }
        };
        Some(bytes.map_or(PastFile::Nothing, PastFile::File))
    }
}

impl Files<'_> {
    fn folder(&self, folder: &Path) -> PastFile {
        let mut names: BTreeMap<OsString, bool> = BTreeMap::new();
        let inside = self.state.range(folder.to_owned()..);
        for path in inside.map(|(path, _)| path) {
            let Ok(rest) = path.strip_prefix(folder) else {
                break;
            };
            let mut parts = rest.components();
            if let Some(first) = parts.next() {
                let is_folder = parts.next().is_some();
                names.insert(first.as_os_str().to_owned(), is_folder);
            }
        }
        match names.is_empty() {
            true => PastFile::Nothing,
            false => PastFile::Folder(names.into_iter().collect()),
        }
    }
}
