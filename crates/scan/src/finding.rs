//! What was found, without the value.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::encode::Encoding;
use crate::value::Part;

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A value that was looked for.
    Secret {
        /// Name of the secret.
        name: String,
        /// Which part of it.
        part: Part,
        /// How it is written.
        encoding: Encoding,
    },
    /// Something that looks like a secret.
    Shape {
        /// Id of the shape.
        id: &'static str,
        /// What it is, in words.
        what: &'static str,
    },
}

/// Where in a file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the content: the first byte, counted from 0.
    Content {
        /// Bytes from the begin of the file.
        offset: u64,
    },
    /// In the last part of its path.
    Name,
    /// In the target of a symlink.
    Target,
}

/// One leak.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file; its name may hold a value, so it is printed only through [`crate::walk::Search`].
    pub path: Arc<Path>,
    /// Where in it.
    pub place: Place,
    /// What was found.
    pub subject: Subject,
    /// How often, when the same is there several times; only the first place is told.
    pub count: usize,
}

/// Something that was not searched although it should have been.
#[derive(Debug)]
pub struct Unread {
    /// What.
    pub path: PathBuf,
    /// Why.
    pub cause: std::io::Error,
}

/// What was searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files whose content was searched.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Folders.
    pub folders: u64,
    /// Symlinks.
    pub links: u64,
    /// FIFOs, sockets and devices, which were not opened.
    pub special: u64,
    /// Further names of files that were searched under another name.
    pub again: u64,
    /// What vanished before it could be opened.
    pub vanished: u64,
}
