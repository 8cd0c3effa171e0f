//! What a run did: for whoever called it, and as `result.json` beside the generations. No values.

use std::path::{Path, PathBuf};

use nixseal_base::fs::{self, Folder, Ownership};
use serde_json::{Value, json};

use crate::activate::Options;
use crate::manifest::{Kind, Manifest, Tree};
use crate::runtime_dir;

/// The file beside the generations.
pub(crate) const RESULT: &str = "result.json";

/// Its mode: for root and the group of the tree.
const RESULT_MODE: u32 = 0o640;

/// The format of the file.
const VERSION: u64 = 1;

/// No result is longer, in bytes.
const LIMIT: usize = 64 << 20;

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One for each tree.
    pub trees: Vec<TreeReport>,
    /// What went wrong that belongs to no secret.
    pub problems: Vec<String>,
    /// Whether nothing was to be changed.
    pub dry: bool,
}

/// What became of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeReport {
    /// Its name.
    pub name: String,
    /// Where generations are.
    pub mount_point: PathBuf,
    /// The link to the live one.
    pub link: PathBuf,
    /// The number of the live one; none where there is none.
    pub generation: Option<u64>,
    /// What happened.
    pub outcome: Outcome,
    /// When, as RFC 3339.
    pub time: String,
    /// Every secret and template.
    pub entries: Vec<Entry>,
}

/// What happened to a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new generation is live.
    Installed,
    /// All was as it should be.
    Unchanged,
    /// Nothing was installed since something failed.
    Aborted,
}

/// What became of a secret or template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which of both.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The option that declares it.
    pub option: Option<String>,
    /// The encrypted file.
    pub file: Option<PathBuf>,
    /// The key in it.
    pub key: Option<String>,
    /// Where it appears.
    pub path: PathBuf,
    /// What happened.
    pub status: Status,
    /// Why it failed; several lines.
    pub reason: Option<String>,
    /// Whether its failure is none of the run.
    pub optional: bool,
}

/// What happened to a secret or template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was not there before.
    Added,
    /// Its content, mode, owner or group changed.
    Modified,
    /// It is as it was.
    Unchanged,
    /// It failed and has its previous value.
    Kept,
    /// It failed and is not there.
    Missing,
    /// It left the manifest.
    Removed,
}

const OUTCOMES: [(Outcome, &str); 3] = [
    (Outcome::Installed, "installed"),
    (Outcome::Unchanged, "unchanged"),
    (Outcome::Aborted, "aborted"),
];

const STATUSES: [(Status, &str); 6] = [
    (Status::Added, "added"),
    (Status::Modified, "modified"),
    (Status::Unchanged, "unchanged"),
    (Status::Kept, "kept"),
    (Status::Missing, "missing"),
    (Status::Removed, "removed"),
];

impl Outcome {
    /// In results.
    pub fn word(self) -> &'static str {
        word(&OUTCOMES, self)
    }
}

impl Status {
    /// In results.
    pub fn word(self) -> &'static str {
        word(&STATUSES, self)
    }
}

fn word<T: PartialEq>(words: &[(T, &'static str)], wanted: T) -> &'static str {
    let found = words.iter().find(|(value, _)| *value == wanted);
    found.map_or("unknown", |(_, word)| word)
}

fn meant<T: Copy>(words: &[(T, &'static str)], word: &str) -> Option<T> {
    let found = words.iter().find(|(_, known)| *known == word);
    found.map(|(value, _)| *value)
}

impl Entry {
    /// What to call it in messages.
    pub fn label(&self) -> String {
        match &self.option {
            Some(option) => option.clone(),
            None => format!("{} '{}'", self.kind.word(), self.name),
        }
    }

    fn json(&self) -> Value {
        json!({
            "kind": self.kind.word(),
            "name": self.name,
            "option": self.option,
            "file": self.file.as_ref().map(|file| file.display().to_string()),
            "key": self.key,
            "path": self.path.display().to_string(),
            "status": self.status.word(),
            "reason": self.reason,
            "optional": self.optional,
        })
    }

    fn parse(value: &Value) -> Option<Self> {
        let text = |field: &str| value.get(field)?.as_str().map(str::to_owned);
        Some(Self {
            kind: match text("kind")?.as_str() {
                "secret" => Kind::Secret,
                _ => Kind::Template,
            },
            name: text("name")?,
            option: text("option"),
            file: text("file").map(PathBuf::from),
            key: text("key"),
            path: text("path")?.into(),
            status: meant(&STATUSES, &text("status")?)?,
            reason: text("reason"),
            optional: value.get("optional")?.as_bool()?,
        })
    }
}

impl TreeReport {
    /// The failures in it.
    pub fn failures(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.reason.is_some())
    }

    /// Whether the run failed in it.
    pub fn is_failed(&self) -> bool {
        self.outcome == Outcome::Aborted || self.failures().any(|entry| !entry.optional)
    }

    /// As `result.json` has it.
    pub fn json(&self) -> Value {
        json!({
            "version": VERSION,
            "tree": self.name,
            "mountPoint": self.mount_point.display().to_string(),
            "link": self.link.display().to_string(),
            "time": self.time,
            "generation": self.generation,
            "outcome": self.outcome.word(),
            "failed": self.is_failed(),
            "entries": self.entries.iter().map(Entry::json).collect::<Vec<_>>(),
        })
    }

    fn parse(value: &Value) -> Option<Self> {
        let text = |field: &str| value.get(field)?.as_str().map(str::to_owned);
        let entries = value.get("entries")?.as_array()?;
        Some(Self {
            name: text("tree")?,
            mount_point: text("mountPoint")?.into(),
            link: text("link")?.into(),
            generation: value.get("generation")?.as_u64(),
            outcome: meant(&OUTCOMES, &text("outcome")?)?,
            time: text("time")?,
            entries: entries.iter().map(Entry::parse).collect::<Option<_>>()?,
        })
    }

    /// Writes it beside the generations.
    pub(crate) fn write(
        &self,
        mount_point: &Folder,
        owner: Option<Ownership>,
    ) -> Result<(), String> {
        let mut text = serde_json::to_string_pretty(&self.json()).unwrap_or_default();
        text.push('\n');
        mount_point
            .replace(RESULT, text.as_bytes(), RESULT_MODE, owner)
            .map_err(|error| error.to_string())
    }
}

impl Report {
    /// Whether something failed that is not optional.
    pub fn is_failed(&self) -> bool {
        !self.problems.is_empty() || self.trees.iter().any(TreeReport::is_failed)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "version": VERSION,
            "failed": self.is_failed(),
            "dryRun": self.dry,
            "problems": self.problems,
            "trees": self.trees.iter().map(TreeReport::json).collect::<Vec<_>>(),
        })
    }
}

/// What the last run left of each tree; nothing where there was none.
///
/// # Errors
/// When a result is there and cannot be read, or `%r` cannot be told.
pub fn status(
    manifest: &mut Manifest,
    options: &Options<'_>,
) -> Result<Vec<(String, Option<TreeReport>)>, String> {
    if manifest.user_mode {
        let directory = runtime_dir::find(options.environment)
            .map_err(|reason| format!("cannot figure out runtime directory: {reason}"))?;
        runtime_dir::insert(manifest, &directory);
    }
    let read = |tree: &Tree| -> Result<(String, Option<TreeReport>), String> {
        let path = tree.mount_point.join(RESULT);
        let report = match fs::read(&path, LIMIT) {
            Ok(bytes) => Some(parse(&path, &bytes)?),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.to_string()),
        };
        Ok((tree.name.clone(), report))
    };
    manifest.trees.iter().map(read).collect()
}

fn parse(path: &Path, bytes: &[u8]) -> Result<TreeReport, String> {
    let value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let report = TreeReport::parse(&value);
    report.ok_or_else(|| {
        format!(
            "'{}' is no result that this version can read; the next activation replaces it",
            path.display()
        )
    })
}
