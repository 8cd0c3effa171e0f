//! The values of one SOPS file as `.age` files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::recipients::{ParsedRecipient, parse_recipient};
use nixseal_age::{Armor, encrypt_bytes};
use nixseal_base::fs::Creation;
use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Map, Node, Value};
use nixseal_document::{EmitOptions, Format, flat};
use nixseal_repository::lock::{Entry, FileDigest, RecipientId};
use nixseal_repository::sops::{OpenSopsFile, SopsFile};
use nixseal_sops::{KeyId, KeyKind};

use super::{Conversion, exists};
use crate::commands::target::failed;
use crate::failure::Failure;

/// A value and the file that it becomes.
struct Leaf {
    path: PathBuf,
    value: SecretBytes,
}

impl Conversion<'_> {
    /// Writes one file a value, and rules for them.
    pub(super) fn scatter(&mut self, source: SopsFile) -> Result<(), Failure> {
        if self.arguments.to.is_some() {
            return Err(Failure::usage(
                "--to is for SOPS files, but the target is a folder for .age files",
            ));
        }
        let origin = self.absolute(&source.path);
        let opened = self.open(source)?;
        let recipients = self.recipients(&opened)?;
        let folder = self.absolute(self.target);
        let leaves = leaves(&opened, &folder)?;
        for leaf in &leaves {
            if leaf.path.symlink_metadata().is_ok() {
                return Err(exists(&leaf.path));
            }
        }
        let ids: BTreeSet<RecipientId> = recipients
            .iter()
            .map(|(recipient, _)| RecipientId::of(recipient.canonical()))
            .collect();
        let paths: Vec<PathBuf> = leaves.iter().map(|leaf| leaf.path.clone()).collect();
        let (mut lock, names) = self.nix_rules(&origin, &paths, &recipients, &ids)?;
        let parsed: Vec<Arc<ParsedRecipient>> = recipients
            .iter()
            .map(|(recipient, _)| Arc::clone(recipient))
            .collect();
        for (leaf, name) in leaves.iter().zip(&names) {
            let content = encrypt_bytes(&parsed, leaf.value.expose(), Armor::Binary)?;
            lock.record(
                name,
                Entry {
                    digest: FileDigest::of(&content),
                    recipients: ids.clone(),
                },
            );
            self.batch.stage(&leaf.path, &content, Creation::PUBLIC)?;
            self.written.push(self.shown(&leaf.path));
        }
        nixseal_repository::rekey::stage_lock(&lock, &self.batch)?;
        Ok(())
    }

    /// All recipients, each with a name; only age has files of this kind.
    fn recipients(
        &self,
        opened: &OpenSopsFile,
    ) -> Result<Vec<(Arc<ParsedRecipient>, String)>, Failure> {
        let metadata = &opened.decrypted.envelope.metadata;
        let refused = |reason: String| {
            Failure::new(format!(
                "cannot convert '{}': {reason}",
                opened.path.display()
            ))
            .hint("nothing was written")
        };
        let [group] = metadata.groups.as_slice() else {
            let count = metadata.groups.len();
            return Err(refused(format!(
                "it has {count} key groups, .age files have none"
            )));
        };
        let owners = self.rules_of(&self.absolute(&opened.path))?;
        let mut recipients = Vec::with_capacity(group.len());
        for key in group {
            if key.id.kind() != KeyKind::Age {
                let (kind, id) = (key.id.kind().title(), &key.id);
                return Err(refused(format!(
                    "its {kind} key '{id}' cannot be a recipient of .age files"
                )));
            }
            let recipient = parse_recipient(key.id.field("recipient"), &self.session.asks)?;
            let owner = |id: &KeyId| {
                let owners = owners.as_ref()?.owners();
                owners.of(id).map(str::to_owned)
            };
            let name = owner(&key.id).unwrap_or_else(|| "key".to_owned());
            recipients.push((Arc::new(recipient), name));
        }
        Ok(recipients)
    }
}

fn leaves(opened: &OpenSopsFile, folder: &Path) -> Result<Vec<Leaf>, Failure> {
    let mut leaves = Vec::new();
    if opened.format() == Format::Binary {
        let stem = opened.path.file_stem().unwrap_or_default();
        let name = format!("{}.age", stem.to_string_lossy());
        let value = opened.plaintext(&EmitOptions::default()).map_err(failed)?;
        let path = folder.join(name);
        return Ok(vec![Leaf { path, value }]);
    }
    let [map] = opened.document().branches.as_slice() else {
        return Err(Failure::new(format!(
            "'{}' has more than one document",
            opened.path.display()
        )));
    };
    collect(map, folder, "", &mut leaves)?;
    Ok(leaves)
}

/// Documents are never nested deeper than their readers allow.
fn collect(map: &Map, folder: &Path, above: &str, into: &mut Vec<Leaf>) -> Result<(), Failure> {
    for pair in map.pairs() {
        let shown = match above {
            "" => pair.key.clone(),
            above => format!("{above}.{}", pair.key),
        };
        let refuse = |what: &str| {
            Err(
                Failure::new(format!("'{shown}' cannot become an .age file: {what}"))
                    .hint("nothing was written"),
            )
        };
        let name = pair.key.as_str();
        if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
            return refuse("its name is none for a file");
        }
        match &pair.value {
            Node::Map(inner) => collect(inner, &folder.join(name), &shown, into)?,
            Node::List(_) => return refuse("it is a list"),
            Node::Scalar(scalar) if matches!(scalar.value(), Value::Null) => {
                return refuse("it is null");
            }
            Node::Scalar(scalar) => {
                let mut text = flat::text(scalar.value());
                into.push(Leaf {
                    path: folder.join(format!("{name}.age")),
                    value: SecretBytes::new(std::mem::take(&mut *text)),
                });
            }
        }
    }
    Ok(())
}
