//! Sealed files on their way to the disk.

use std::path::{Path, PathBuf};

use nixseal_base::fs::{Batch, Creation, Version, sweep};
use nixseal_base::secret::SecretBytes;
use nixseal_document::SpliceError;
use nixseal_document::path::{Path as ValuePath, Step};
use nixseal_document::tree::{Map, Node, Value};
use nixseal_sops::EncryptedFile;

use super::error::SopsError;

/// How an encrypted value begins.
const ENCRYPTED: &[u8] = b"ENC[AES256_GCM,";

/// A file as it is to be written.
#[derive(Debug)]
pub struct Sealed {
    /// Where to.
    pub path: PathBuf,
    /// Its bytes. Values in clear and comments in clear are in them.
    pub content: SecretBytes,
    /// Values that stand in clear in it, comments not counted.
    pub clear: Vec<ValuePath>,
    /// Why the layout could not be kept, where it could not.
    pub layout_lost: Option<SpliceError>,
    stamp: Version,
}

impl Sealed {
    pub(super) fn new(
        path: PathBuf,
        content: SecretBytes,
        stamp: Version,
        clear: Vec<ValuePath>,
        layout_lost: Option<SpliceError>,
    ) -> Self {
        Self {
            path,
            content,
            clear,
            layout_lost,
            stamp,
        }
    }

    /// Puts it into a batch, to be written with other files or not at all.
    ///
    /// # Errors
    /// [`SopsError::Changed`] when the file is no more what was read, which the batch looks at once
    /// more; [`SopsError::Fs`].
    pub fn stage(&self, batch: &Batch) -> Result<(), SopsError> {
        if Version::of(&self.path) != self.stamp {
            return Err(SopsError::Changed(self.path.clone()));
        }
        let (read, content) = (Some(&self.stamp), self.content.expose());
        Ok(batch.stage_over(read, &self.path, content, Creation::PUBLIC)?)
    }

    /// Writes it at once.
    ///
    /// # Errors
    /// As [`Self::stage`]; the file is as it was then.
    pub fn write(&self) -> Result<(), SopsError> {
        let batch = Batch::new();
        self.stage(&batch)?;
        batch.commit()?;
        // What killed runs left; what cannot be removed is for the next one.
        let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
        let _ = sweep(folder.unwrap_or(Path::new(".")));
        Ok(())
    }
}

/// The values of an encrypted file that stand in clear. Nulls and empty texts never are encrypted
/// and are left out.
pub(super) fn clear_values(file: &EncryptedFile) -> Vec<ValuePath> {
    let mut found = Vec::new();
    for map in file.documents() {
        clear_in_map(map, &mut Vec::new(), &mut found);
    }
    found
}

fn clear_in_map(map: &Map, path: &mut Vec<Step>, found: &mut Vec<ValuePath>) {
    for pair in map.pairs() {
        path.push(Step::Key(pair.key.clone()));
        clear_in_node(&pair.value, path, found);
        path.pop();
    }
}

/// As deep as the walk that encrypted the tree.
fn clear_in_node(node: &Node, path: &mut Vec<Step>, found: &mut Vec<ValuePath>) {
    match node {
        Node::Map(map) => clear_in_map(map, path, found),
        Node::List(list) => {
            for (index, node) in list.values().enumerate() {
                path.push(Step::Index(index));
                clear_in_node(node, path, found);
                path.pop();
            }
        }
        Node::Scalar(scalar) => {
            let clear = match scalar.value() {
                Value::Null => false,
                Value::String(text) => !text.is_empty() && !text.expose().starts_with(ENCRYPTED),
                _ => true,
            };
            if clear {
                found.push(ValuePath(path.clone()));
            }
        }
    }
}
