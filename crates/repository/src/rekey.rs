//! Bringing files in line with their rules: compare, open, seal, replace.
//!
//! A batch is all or nothing: every file is opened before one is written, and
//! all are put in place together with the lock.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::keyring::{Keyring, OpenFailure};
use nixseal_age::recipients::ParsedRecipient;
use nixseal_age::{Armor, OpenFile, encrypt_bytes};
use nixseal_base::diag::Diagnostic;
use nixseal_base::fs::{Batch, Creation, FsError, Version, sweep};
use nixseal_base::secret::SecretBytes;
use rayon::prelude::*;

use crate::drift::{Drift, compare};
use crate::lock::{Entry, Lock};
use crate::repository::Repository;
use crate::secret::{EncryptedFile, FILE_LIMIT, FileState, Reader, Secret, lock_entry};

/// One file of a plan.
pub struct Item<'a> {
    /// Its rule.
    pub secret: &'a Secret,
    /// Its recipients; rules that cannot be used never get into a plan.
    pub readers: &'a [Arc<Reader>],
    /// The file.
    pub path: PathBuf,
    /// What is there.
    pub state: FileState,
    /// How it compares; [`Drift::None`] also for a file that is not there.
    pub drift: Drift,
}

impl Item<'_> {
    /// Whether the file must be encrypted anew.
    pub fn has_drifted(&self) -> bool {
        matches!(self.state, FileState::Encrypted(_)) && self.drift != Drift::None
    }
}

/// Compares each of `secrets` with its file; reads every file once, opens none.
///
/// # Errors
/// All rules among them that cannot be used.
pub fn plan<'a>(
    repository: &'a Repository,
    secrets: Vec<(&'a Secret, PathBuf)>,
) -> Result<Vec<Item<'a>>, Vec<Diagnostic>> {
    let unusable: Vec<Diagnostic> = secrets
        .iter()
        .filter_map(|(secret, _)| secret.readers.clone().err())
        .collect();
    if !unusable.is_empty() {
        return Err(unusable);
    }
    Ok(secrets
        .into_par_iter()
        .map(|(secret, path)| look_at(repository, secret, path))
        .collect())
}

fn look_at<'a>(repository: &'a Repository, secret: &'a Secret, path: PathBuf) -> Item<'a> {
    let readers = secret.readers.as_deref().unwrap_or_default();
    let state = FileState::read(&path);
    let drift = match &state {
        FileState::Encrypted(file) => {
            let wanted: Vec<_> = readers.iter().map(|reader| &reader.wanted).collect();
            let recorded = repository.lock.recipients(&secret.name, &file.digest);
            compare(&wanted, recorded, &file.stanzas, &repository.known)
        }
        _ => Drift::None,
    };
    Item {
        secret,
        readers,
        path,
        state,
        drift,
    }
}

/// Why a batch was given up before anything was written.
#[derive(Debug, thiserror::Error)]
pub enum RekeyError {
    /// Files that no identity opens, or that are damaged.
    #[error("{}", Failures(.0))]
    Files(Vec<FileFailure>),
    /// Writing failed; nothing was replaced.
    #[error(transparent)]
    Write(#[from] FsError),
}

/// Why one file cannot be brought in line.
#[derive(Debug)]
pub struct FileFailure {
    /// The file.
    pub path: PathBuf,
    /// The reason.
    pub reason: FailureReason,
}

/// Reasons of a [`FileFailure`].
#[derive(Debug, thiserror::Error)]
pub enum FailureReason {
    /// No identity opens it.
    #[error("{0}")]
    NotOpened(Box<OpenFailure>),
    /// It is damaged, or cannot be sealed.
    #[error("{0}")]
    Format(#[from] nixseal_age::Error),
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

impl FailureReason {
    /// The whole sentence: what could not be done with which file, and why.
    pub fn about(&self, verb: &str, path: &Path) -> String {
        match self {
            // It names the file itself.
            Self::NotOpened(failure) => failure.to_string(),
            other => format!("cannot {verb} '{}': {other}", path.display()),
        }
    }
}

impl From<Box<OpenFailure>> for FailureReason {
    fn from(failure: Box<OpenFailure>) -> Self {
        Self::NotOpened(failure)
    }
}

struct Failures<'a>(&'a [FileFailure]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, failure) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(
                formatter,
                "{separator}{}",
                failure.reason.about("rekey", &failure.path)
            )?;
        }
        Ok(())
    }
}

/// As [`stage`], and replaces all files or none.
///
/// # Errors
/// Those of [`stage`].
pub fn apply(
    items: &[&Item<'_>],
    keyring: &Keyring,
    lock: Option<&mut Lock>,
    done: &(dyn Fn() + Sync),
) -> Result<(), RekeyError> {
    let batch = Batch::new();
    stage(items, keyring, lock, &batch, done)?;
    Ok(batch.commit()?)
}

/// Encrypts the files of `items` anew to exactly their recipients, each with a
/// fresh file key, and puts them into `batch`, together with `lock` where one is
/// given; `done` is called once a file.
///
/// # Errors
/// [`RekeyError::Files`] with every file that failed, before anything is
/// written; [`RekeyError::Write`].
pub fn stage(
    items: &[&Item<'_>],
    keyring: &Keyring,
    lock: Option<&mut Lock>,
    batch: &Batch,
    done: &(dyn Fn() + Sync),
) -> Result<(), RekeyError> {
    let sealed: Vec<Result<Sealed<'_>, FileFailure>> = items
        .par_iter()
        .map(|item| {
            let sealed = seal_anew(item, keyring).map_err(|reason| FileFailure {
                path: item.path.clone(),
                reason,
            });
            done();
            sealed
        })
        .collect();
    let mut kept = Vec::with_capacity(sealed.len());
    let mut failures = Vec::new();
    for result in sealed {
        match result {
            Ok(sealed) => kept.push(sealed),
            Err(failure) => failures.push(failure),
        }
    }
    if !failures.is_empty() {
        return Err(RekeyError::Files(failures));
    }
    kept.par_iter().try_for_each(|sealed| {
        let (read, path) = (Some(sealed.read), &sealed.item.path);
        batch.stage_over(read, path, &sealed.content, Creation::PUBLIC)
    })?;
    if let Some(lock) = lock {
        for sealed in kept {
            lock.record(&sealed.item.secret.name, sealed.entry);
        }
        stage_lock(lock, batch)?;
    }
    Ok(())
}

/// Removes what killed runs left beside the files of `items`; what cannot be
/// removed is left for the next run.
pub fn sweep_leftovers<'i>(items: impl Iterator<Item = &'i Item<'i>>) {
    let folders: BTreeSet<&Path> = items.filter_map(|item| item.path.parent()).collect();
    for folder in folders {
        let _ = sweep(folder);
    }
}

/// Adds the lock to a batch, where it changed.
///
/// # Errors
/// When it cannot be staged.
pub fn stage_lock(lock: &Lock, batch: &Batch) -> Result<(), FsError> {
    match lock.changed_text() {
        Some(text) => batch.stage(lock.path(), text.as_bytes(), Creation::PUBLIC),
        None => Ok(()),
    }
}

struct Sealed<'a> {
    item: &'a Item<'a>,
    /// What it was made from.
    read: &'a Version,
    content: Vec<u8>,
    entry: Entry,
}

fn seal_anew<'a>(item: &'a Item<'a>, keyring: &Keyring) -> Result<Sealed<'a>, FailureReason> {
    let file = match &item.state {
        FileState::Encrypted(file) => file,
        FileState::NotAge(error) => return Err(FailureReason::Unreadable(error.to_string())),
        FileState::Unreadable(error) => return Err(FailureReason::Unreadable(error.to_string())),
        FileState::Missing => return Err(FailureReason::Unreadable("it is gone".to_owned())),
    };
    let plaintext = open(file, item, keyring)?;
    let content = seal(
        &plaintext,
        item.readers,
        armor(item.secret.armor, Some(file.armor)),
    )?;
    let entry = lock_entry(&content, item.readers);
    Ok(Sealed {
        item,
        read: &file.version,
        content,
        entry,
    })
}

fn open(
    file: &EncryptedFile,
    item: &Item<'_>,
    keyring: &Keyring,
) -> Result<SecretBytes, FailureReason> {
    let parsed = OpenFile::parse(file.content.as_slice())?;
    let plaintext = parsed.decrypt(|header| {
        let name = item.path.display().to_string();
        keyring
            .open(header.stanzas(), &name)
            .map_err(FailureReason::from)
    })?;
    Ok(plaintext.read_all(FILE_LIMIT)?)
}

/// Encrypts `plaintext` to `readers`.
///
/// # Errors
/// Those of [`nixseal_age::encrypt_bytes`].
pub fn seal(
    plaintext: &SecretBytes,
    readers: &[Arc<Reader>],
    armor: Armor,
) -> Result<Vec<u8>, nixseal_age::Error> {
    let recipients: Vec<Arc<ParsedRecipient>> = readers
        .iter()
        .map(|reader| Arc::clone(&reader.recipient))
        .collect();
    encrypt_bytes(&recipients, plaintext.expose(), armor)
}

/// How a file is written: as its rule says, else as it was, else as bytes.
pub fn armor(rule: Option<bool>, before: Option<Armor>) -> Armor {
    match rule {
        Some(true) => Armor::Armored,
        Some(false) => Armor::Binary,
        None => before.unwrap_or(Armor::Binary),
    }
}
