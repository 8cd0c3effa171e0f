//! Encrypted files, without keys: what they are, what is in them, and whom they are for.

use std::collections::HashMap;

use nixseal_age::{OpenFile, Stanza};
use nixseal_base::fs;
use nixseal_repository::FILE_LIMIT;
use nixseal_sops::{EncryptedFile, Error, MetadataError};

use super::FileKey;
use super::hosts::Hosts;
use crate::manifest::ItemSource;
use crate::open::{FileKind, scalar};

/// Files that were looked at, each once.
#[derive(Default)]
pub(super) struct Files(HashMap<FileKey, Result<Known, String>>);

enum Known {
    Age(Vec<Stanza>),
    Sops(Box<EncryptedFile>),
}

impl Files {
    /// What is wrong with the file and key of a secret.
    pub(super) fn check(&mut self, source: &ItemSource, hosts: &Hosts) -> Vec<String> {
        let key = (source.file().to_owned(), FileKind::of(source));
        let known = self.0.entry(key).or_insert_with_key(look);
        let shown = source.file().display();
        let known = match known {
            Ok(known) => known,
            Err(reason) => return vec![reason.clone()],
        };
        let mut problems = Vec::new();
        let opens = match known {
            Known::Age(stanzas) => hosts.open_age(stanzas),
            Known::Sops(file) => hosts.open_sops(file.metadata()),
        };
        if let Err(reason) = opens {
            problems.push(format!("this host cannot open '{shown}': {reason}"));
        }
        if let (Known::Sops(file), Some(key)) = (known, source.key())
            && let Err(reason) = scalar(file.documents(), key)
        {
            problems.push(format!("'{shown}': {reason}"));
        }
        problems
    }
}

fn look((path, kind): &FileKey) -> Result<Known, String> {
    let shown = path.display();
    let content =
        fs::read_regular(path, FILE_LIMIT).map_err(|error| match error.is_not_found() {
            true => format!("the file '{shown}' does not exist"),
            false => error.to_string(),
        })?;
    match kind {
        FileKind::Age => match OpenFile::parse(content.as_slice()) {
            Ok(file) => Ok(Known::Age(file.header().stanzas().to_vec())),
            Err(error) => Err(format!("'{shown}' is not encrypted with age: {error}")),
        },
        FileKind::Sops(format) => {
            let mut file =
                EncryptedFile::parse(*format, &content).map_err(|error| match error {
                    Error::Metadata(MetadataError::Missing) => {
                        format!("'{shown}' is not encrypted with sops")
                    }
                    Error::EncryptedSyntax(error) => {
                        format!("'{shown}' is no valid {format}: {error}")
                    }
                    other => format!("'{shown}': {other}"),
                })?;
            let clear = file.values_in_clear().unwrap_or_default();
            match clear.first() {
                None => Ok(Known::Sops(Box::new(file))),
                Some(first) => Err(format!(
                    "'{shown}' has values in clear that should be encrypted, such as '{first}': \
                     it cannot be decrypted"
                )),
            }
        }
    }
}
