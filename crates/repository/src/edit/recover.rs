//! Keeping what was typed when it could not be put in its place.
//!
//! The copy is encrypted to those recipients of the secret that work: each of
//! them was meant to read it. It goes beside the secret, or where there is no
//! room or permission, to the user's state folder.

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use nixseal_age::{Armor, encrypt_bytes};
use nixseal_base::env::{Environment, XDG_STATE_HOME};
use nixseal_base::fs::{Creation, FsError, Output};
use nixseal_base::secret::SecretBytes;

use crate::secret::Secret;

/// Saves `text` and says where, or why that was not possible either.
pub(super) fn keep(
    secret: &Secret,
    path: &Path,
    text: &SecretBytes,
    environment: &Environment,
) -> String {
    let Some(content) = sealed(secret, text) else {
        return "what you typed could not be encrypted to anybody and is lost".to_owned();
    };
    kept_in(put(path, &content, environment), "nixseal decrypt")
}

/// Says where something that was typed is now, and the command that reads it.
pub(crate) fn kept_in(place: Option<PathBuf>, command: &str) -> String {
    match place {
        Some(place) => {
            let place = place.display();
            format!(
                "what you typed is kept, encrypted, in '{place}': \
                 read it with `{command} {place}`"
            )
        }
        None => "what you typed could not be written anywhere and is lost".to_owned(),
    }
}

/// How many copies are kept in one place.
const COPIES: usize = 100;

/// Writes encrypted bytes beside `path`, or to the first other place where that works. An earlier
/// copy stays, and so does whatever somebody else has put there.
pub(crate) fn put(path: &Path, content: &[u8], environment: &Environment) -> Option<PathBuf> {
    let creation = Creation {
        mode: 0o600,
        parents: true,
    };
    places(path, environment).into_iter().find_map(|place| {
        for count in 1..=COPIES {
            let name = match count {
                1 => place.clone(),
                count => numbered(&place, count),
            };
            match write_new(&name, content, creation) {
                Ok(()) => return Some(name),
                Err(error) if error.cause.kind() == ErrorKind::AlreadyExists => {}
                Err(_) => return None,
            }
        }
        None
    })
}

fn numbered(place: &Path, count: usize) -> PathBuf {
    let mut name = OsString::from(place);
    name.push(format!(".{count}"));
    name.into()
}

fn write_new(path: &Path, content: &[u8], creation: Creation) -> Result<(), FsError> {
    let mut output = Output::create_new(path, creation)?;
    output.write_all(content).map_err(|cause| FsError {
        action: "write",
        path: path.to_owned(),
        cause,
    })?;
    output.finish()
}

/// The text for all recipients, or else for those that can be encrypted to.
fn sealed(secret: &Secret, text: &SecretBytes) -> Option<Vec<u8>> {
    let readers = secret.readers.as_deref().ok()?;
    let all: Vec<_> = readers.iter().map(|reader| &*reader.recipient).collect();
    if let Ok(content) = encrypt_bytes(&all, text.expose(), Armor::Binary) {
        return Some(content);
    }
    let works = |recipient: &&nixseal_age::recipients::ParsedRecipient| {
        encrypt_bytes(&[*recipient], b"", Armor::Binary).is_ok()
    };
    let usable: Vec<_> = all.into_iter().filter(works).collect();
    encrypt_bytes(&usable, text.expose(), Armor::Binary)
        .ok()
        .or_else(|| {
            usable
                .iter()
                .find_map(|one| encrypt_bytes(&[*one], text.expose(), Armor::Binary).ok())
        })
}

fn places(path: &Path, environment: &Environment) -> Vec<PathBuf> {
    let mut name = path
        .file_name()
        .map(std::ffi::OsStr::to_owned)
        .unwrap_or_default();
    name.push(".recovered");
    let state = environment
        .path(&XDG_STATE_HOME)
        .or_else(|| Some(environment.home()?.join(".local/state")));
    let mut places = vec![path.with_file_name(&name)];
    places.extend(state.map(|folder| folder.join("nixseal").join(&name)));
    places.push(std::env::temp_dir().join(&name));
    places
}
