//! `NAME=FILE[:KEY]`.

use std::path::{Path as FilePath, PathBuf};

use nixseal_document::path::Path;

use crate::failure::Failure;

/// A variable and where its value is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// The value in the file; the whole file without.
    pub(super) key: Option<Path>,
}

impl Wish {
    /// Reads all of them; relative paths are from `current`.
    pub(super) fn all(texts: &[String], current: &FilePath) -> Result<Vec<Self>, Failure> {
        let exists = |path: &str| current.join(path).exists();
        texts.iter().map(|text| Self::read(text, exists)).collect()
    }

    /// A colon belongs to the file's name where a file of that name exists.
    fn read(text: &str, exists: impl Fn(&str) -> bool) -> Result<Self, Failure> {
        let wrong = || {
            Failure::usage(format!(
                "'{text}' is not NAME=FILE or NAME=FILE:KEY, for example \
                 TOKEN=secrets/app.yaml:token"
            ))
        };
        let (name, place) = text.split_once('=').ok_or_else(wrong)?;
        let split = place.match_indices(':').find_map(|(at, _)| {
            let (path, key) = (place.get(..at)?, place.get(at + 1..)?);
            exists(path).then_some((path, key))
        });
        let (path, key) = match split {
            _ if exists(place) => (place, None),
            Some((path, key)) => (path, Some(key)),
            None => match place.split_once(':') {
                Some((path, key)) => (path, Some(key)),
                None => (place, None),
            },
        };
        if name.is_empty() || path.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            name: name.to_owned(),
            path: path.into(),
            key: key.map(Path::parse).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_colons_are_found() {
        let read = |text: &str, files: &[&str]| {
            let wish = Wish::read(text, |path| files.contains(&path)).ok()?;
            let key = wish.key.map(|key| key.to_string());
            Some((wish.name, wish.path.to_str()?.to_owned(), key))
        };
        let some = |name: &str, path: &str, key: Option<&str>| {
            Some((name.to_owned(), path.to_owned(), key.map(str::to_owned)))
        };
        assert_eq!(read("A=f.age", &["f.age"]), some("A", "f.age", None));
        assert_eq!(read("A=f:a.b[0]", &["f"]), some("A", "f", Some("a.b[0]")));
        assert_eq!(read("A=f:g", &["f:g"]), some("A", "f:g", None));
        assert_eq!(read("A=f:g:h", &["f:g"]), some("A", "f:g", Some("h")));
        assert_eq!(read("A=none:k", &[]), some("A", "none", Some("k")));
        assert_eq!(read("A=f:", &["f"]), None);
        assert_eq!(read("=f", &["f"]), None);
        assert_eq!(read("f", &["f"]), None);
    }
}
