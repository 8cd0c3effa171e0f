//! Changing one secret: by an editor, or by a new value.
//!
//! The plaintext is a file only inside a [`PrivateDir`]. What was typed is not
//! lost when sealing fails afterwards: see [`recover`].

pub(crate) mod recover;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::keyring::Keyring;
use nixseal_age::{Armor, OpenFile};
use nixseal_base::diag::Diagnostic;
use nixseal_base::editor::{Editor, EditorError};
use nixseal_base::env::Environment;
use nixseal_base::fs::{self, Batch, Creation, FsError, Version};
use nixseal_base::private_dir::{PrivateDir, PrivateDirError};
use nixseal_base::secret::SecretBytes;

use crate::lock::Lock;
use crate::rekey::{FailureReason, armor, seal, stage_lock};
use crate::secret::{FILE_LIMIT, Reader, Secret, lock_entry};

/// Why a secret was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The rule cannot be used.
    #[error("{0}")]
    Rule(Diagnostic),
    /// The file cannot be opened or is damaged.
    #[error("{}", reason.about("open", path))]
    NotOpened {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: FailureReason,
    },
    /// There is no safe place for the plaintext.
    #[error(transparent)]
    PrivateDir(#[from] PrivateDirError),
    /// The private folder failed.
    #[error("cannot use the private folder for the plaintext: {0}")]
    Plaintext(io::Error),
    /// The editor failed; the file is as it was.
    #[error("{source}; '{}' is unchanged", path.display())]
    Editor {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: EditorError,
    },
    /// Sealing or writing failed after the text was typed.
    #[error("cannot encrypt '{}': {reason}; {kept}", path.display())]
    NotSealed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
        /// What became of the text.
        kept: String,
    },
    /// Sealing failed; the value is still where it came from.
    #[error("cannot encrypt '{}': {source}", path.display())]
    Seal {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: nixseal_age::Error,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl EditError {
    /// The same as a finding, with the place and hints it may have.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            Self::Rule(diagnostic) => diagnostic,
            Self::NotOpened {
                reason: FailureReason::NotOpened(ref failure),
                ..
            } if failure.identities.is_empty() => Diagnostic::error(self.to_string())
                .hint("name a private key with -i, or put one where it was looked for"),
            other => Diagnostic::error(other.to_string()),
        }
    }
}

/// The plaintext of a secret's file, and how it was written.
pub struct Current {
    /// What it says.
    pub plaintext: SecretBytes,
    /// How it is written.
    pub armor: Armor,
    /// Which version of the file this is.
    pub version: Version,
}

/// The file that a new one is written over.
#[derive(Clone, Default)]
pub struct Before {
    /// How it is written, where there is one.
    pub armor: Option<Armor>,
    /// The version that the new one was made from: another is not replaced. Without it the new
    /// one replaces whatever is there.
    pub version: Option<Version>,
}

impl Before {
    /// The file that was read.
    pub fn read(current: &Current) -> Self {
        Self {
            armor: Some(current.armor),
            version: Some(current.version.clone()),
        }
    }
}

/// Opens the file at `path`; `None` when there is none.
///
/// # Errors
/// When it cannot be read or opened.
pub fn read(path: &Path, keyring: &Keyring) -> Result<Option<Current>, EditError> {
    let version = Version::of(path);
    let content = match fs::read(path, FILE_LIMIT) {
        Ok(content) => content,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let name = path.display().to_string();
    let open = || -> Result<Current, FailureReason> {
        let file = OpenFile::parse(content.as_slice())?;
        let armor = file.armor();
        let plaintext = file.decrypt(|header| {
            keyring
                .open(header.stanzas(), &name)
                .map_err(FailureReason::from)
        })?;
        Ok(Current {
            plaintext: plaintext.read_all(FILE_LIMIT)?,
            armor,
            version,
        })
    };
    open().map(Some).map_err(|reason| EditError::NotOpened {
        path: path.to_owned(),
        reason,
    })
}

/// The recipients of a secret.
///
/// # Errors
/// [`EditError::Rule`] when its rule cannot be used.
pub fn readers(secret: &Secret) -> Result<&[Arc<Reader>], EditError> {
    secret
        .readers
        .as_deref()
        .map_err(|diagnostic| EditError::Rule(diagnostic.clone()))
}

/// Encrypts `plaintext` and puts it at `path`, together with the lock where
/// one is given.
///
/// # Errors
/// When sealing or writing fails, or the file is another than `before`; it is as it was then.
pub fn write(
    secret: &Secret,
    path: &Path,
    plaintext: &SecretBytes,
    before: &Before,
    lock: Option<&mut Lock>,
) -> Result<(), EditError> {
    let readers = readers(secret)?;
    let content =
        seal(plaintext, readers, armor(secret.armor, before.armor)).map_err(|source| {
            EditError::Seal {
                path: path.to_owned(),
                source,
            }
        })?;
    let batch = Batch::new();
    batch.stage_over(before.version.as_ref(), path, &content, Creation::PUBLIC)?;
    if let Some(lock) = lock {
        lock.record(&secret.name, lock_entry(&content, readers));
        stage_lock(lock, &batch)?;
    }
    Ok(batch.commit()?)
}

/// How an edit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// A new file was made.
    Created,
    /// The file was replaced.
    Changed,
    /// The text is as it was; nothing was written.
    Unchanged,
    /// The editor left no file; nothing was written.
    NotCreated,
}

/// What an edit needs from the outside.
pub struct EditTools<'a> {
    /// Opens the file as it is.
    pub keyring: &'a Keyring,
    /// Changes the plaintext.
    pub editor: &'a Editor,
    /// Where it may be a file.
    pub environment: &'a Environment,
    /// This binary, to watch the private folder.
    pub program: &'a Path,
}

/// Lets the editor change the secret at `path`.
///
/// # Errors
/// [`EditError`]; the file is as it was then.
pub fn edit(
    secret: &Secret,
    path: &Path,
    tools: &EditTools<'_>,
    lock: Option<&mut Lock>,
) -> Result<Edited, EditError> {
    readers(secret)?;
    let nothing = Before {
        armor: None,
        version: Some(Version::of(path)),
    };
    let current = read(path, tools.keyring)?;
    let before = current.as_ref().map_or(nothing, Before::read);
    let content = current.as_ref().map(|current| current.plaintext.expose());
    let EditTools {
        editor,
        environment,
        program,
        ..
    } = tools;
    let typed = type_in(
        path,
        plaintext_name(path),
        content,
        editor,
        environment,
        program,
    )?;
    let Some(text) = typed else {
        return Ok(Edited::NotCreated);
    };
    if current
        .as_ref()
        .is_some_and(|current| current.plaintext == text)
    {
        return Ok(Edited::Unchanged);
    }
    drop(current);
    write_typed(secret, path, &text, &before, lock, environment)?;
    Ok(if before.armor.is_none() {
        Edited::Created
    } else {
        Edited::Changed
    })
}

/// Lets the editor work on a private file `name` that holds `content`, or is not
/// there; gives what it left, `None` where it left no file. `path` is the secret,
/// for messages, and `program` this binary, to watch the private folder.
///
/// # Errors
/// When there is no private folder or the editor fails.
pub fn type_in(
    path: &Path,
    name: &OsStr,
    content: Option<&[u8]>,
    editor: &Editor,
    environment: &Environment,
    program: &Path,
) -> Result<Option<SecretBytes>, EditError> {
    let folder = PrivateDir::create(environment, program)?;
    let file = match content {
        Some(content) => folder.write(name, content).map_err(EditError::Plaintext)?,
        None => folder.path().join(name),
    };
    editor.run(&file).map_err(|source| EditError::Editor {
        path: path.to_owned(),
        source,
    })?;
    match fs::read_secret(&file, FILE_LIMIT) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// As [`write()`], for text that somebody typed: when that fails, an encrypted
/// copy is kept and the error says where.
///
/// # Errors
/// [`EditError::NotSealed`].
pub fn write_typed(
    secret: &Secret,
    path: &Path,
    text: &SecretBytes,
    before: &Before,
    lock: Option<&mut Lock>,
    environment: &Environment,
) -> Result<(), EditError> {
    write(secret, path, text, before, lock).map_err(|error| EditError::NotSealed {
        path: path.to_owned(),
        reason: error.to_string(),
        kept: recover::keep(secret, path, text, environment),
    })
}

/// The name of the plaintext file: that of the secret without `.age`, so that
/// editors know `x.yaml.age` for YAML.
fn plaintext_name(path: &Path) -> &OsStr {
    let name = path.file_name().unwrap_or_else(|| OsStr::new("secret"));
    match Path::new(name).extension() {
        Some(extension) if extension == "age" => Path::new(name).file_stem().unwrap_or(name),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_see_the_inner_extension() {
        assert_eq!(plaintext_name(Path::new("a/b.yaml.age")), "b.yaml");
        assert_eq!(plaintext_name(Path::new("wifi.age")), "wifi");
        assert_eq!(plaintext_name(Path::new(".age")), ".age");
        assert_eq!(plaintext_name(Path::new("x.txt")), "x.txt");
    }
}
