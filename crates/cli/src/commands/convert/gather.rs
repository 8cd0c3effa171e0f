//! Many `.age` files as the values of one SOPS file.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Map, Node, Value};
use nixseal_document::{EmitOptions, Format, emit};
use nixseal_repository::edit::read;
use nixseal_repository::lock::RecipientId;
use nixseal_repository::sops::NewSopsFile;
use nixseal_repository::{Reader, Repository};
use nixseal_sops::config::Encryption;
use nixseal_sops::{KeyId, Moment};

use super::Conversion;
use crate::commands::target::{SopsKeyring, failed};
use crate::failure::Failure;

impl Conversion<'_> {
    /// Writes the SOPS file, and a rule for it where there is none.
    pub(super) fn gather(&mut self, files: &[PathBuf]) -> Result<(), Failure> {
        let format = self.format()?;
        let path = self.absolute(self.target);
        let first = files.first().map(PathBuf::as_path);
        let repository = self.session.repository(&self.arguments.rules, first)?;
        let readers = self.readers(&repository, files)?;
        let group: Vec<KeyId> = readers
            .iter()
            .map(|reader| KeyId::age(reader.recipient.canonical()))
            .collect();
        let names: Vec<(String, KeyId)> = readers
            .iter()
            .map(|reader| {
                (
                    reader.label.clone(),
                    KeyId::age(reader.recipient.canonical()),
                )
            })
            .collect();
        let encryption = self.rule_for(&path, group, &names, &repository.rules)?;
        let session = &self.session;
        let keyring = session.keyring(&self.arguments.identities, Some(&repository))?;
        let keyring = SopsKeyring::around(session, keyring)?;
        let mut secrets = Vec::with_capacity(files.len());
        for file in files {
            let opened = read(file, keyring.identities())
                .map_err(|error| Failure::of(error.diagnostic()))?;
            let missing = || Failure::new(format!("'{}' does not exist", file.display()));
            secrets.push((file.as_path(), opened.ok_or_else(missing)?.plaintext));
        }
        let text = text(secrets, format)?;
        let now = Moment::of(SystemTime::now());
        let new = NewSopsFile::prepare(&path, format, &encryption, &keyring.keys(), &now);
        let sealed = new.and_then(|new| new.seal(&text, now, EmitOptions::default()));
        sealed.map_err(failed)?.stage(&self.batch).map_err(failed)?;
        self.written.push(self.shown(&path));
        Ok(())
    }

    /// Who can read all of the files: the rules must say the same of each.
    fn readers(
        &self,
        repository: &Repository,
        files: &[PathBuf],
    ) -> Result<Vec<std::sync::Arc<Reader>>, Failure> {
        let mut all: Option<(&Path, Vec<std::sync::Arc<Reader>>)> = None;
        for file in files {
            let resolved = self.session.resolve(repository, file)?;
            let readers = resolved.secret.readers.clone().map_err(Failure::of)?;
            match &all {
                None => all = Some((file, readers)),
                Some((first, known)) if ids(known) != ids(&readers) => {
                    return Err(Failure::new(format!(
                        "'{}' and '{}' have different recipients: {}; and {}",
                        first.display(),
                        file.display(),
                        labels(known),
                        labels(&readers)
                    ))
                    .hint(
                        "one SOPS file has the same recipients for all values: convert them apart",
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(all.map(|(_, readers)| readers).unwrap_or_default())
    }

    /// What the creation rules say of the new file; they must mean the same recipients. Where none
    /// is for it, one is added.
    fn rule_for(
        &mut self,
        path: &Path,
        group: Vec<KeyId>,
        names: &[(String, KeyId)],
        nix: &Path,
    ) -> Result<Encryption, Failure> {
        let rules = self.rules_of(path)?;
        let existing = rules.as_ref().map(|rules| rules.encryption(path));
        if let Some(Ok(Some(encryption))) = existing {
            let same = match encryption.groups.as_slice() {
                [one] => {
                    let names =
                        |ids: &[KeyId]| -> BTreeSet<String> { ids.iter().map(name).collect() };
                    names(one) == names(&group)
                }
                _ => false,
            };
            if same {
                return Ok(encryption.clone());
            }
            let shown = self.shown(path);
            return Err(Failure::new(format!(
                "the creation rule for '{shown}' wants other recipients than the .age files have"
            ))
            .hint("change one of the two first, or choose another name"));
        }
        self.add_rule(rules.as_ref(), path, names, nix)?;
        Ok(Encryption {
            groups: vec![group],
            shamir_threshold: 0,
            selector: None,
            mac_only_encrypted: false,
        })
    }
}

/// A recipient without the comment that SSH keys may have.
fn name(id: &KeyId) -> String {
    RecipientId::of(id.field("recipient")).as_str().to_owned()
}

fn ids(readers: &[std::sync::Arc<Reader>]) -> BTreeSet<&RecipientId> {
    readers.iter().map(|reader| &reader.wanted.id).collect()
}

fn labels(readers: &[std::sync::Arc<Reader>]) -> String {
    let labels: Vec<&str> = readers.iter().map(|reader| &*reader.label).collect();
    labels.join(" ")
}

/// The plain text of the new file.
fn text(secrets: Vec<(&Path, SecretBytes)>, format: Format) -> Result<SecretBytes, Failure> {
    if format == Format::Binary {
        let mut secrets = secrets;
        return match (secrets.pop(), secrets.is_empty()) {
            (Some((_, only)), true) => Ok(only),
            _ => Err(Failure::new("a binary file holds one value only")
                .hint("name the new file .yaml, .json, .env or .ini, or say --to")),
        };
    }
    let common = common_folder(secrets.iter().map(|(path, _)| *path));
    let mut whole = Map::default();
    for (path, value) in secrets {
        if value.as_text().is_none() {
            return Err(Failure::new(format!(
                "'{}' is no text, which {format} cannot hold",
                path.display()
            ))
            .hint("convert it alone into a binary file: nixseal convert --to binary FILE NEW"));
        }
        let keys = keys(path.strip_prefix(&common).unwrap_or(path));
        put(&mut whole, &keys, value, path)?;
    }
    if format == Format::Ini {
        // Values outside of sections stand in the one without a name.
        let mut default = Map::default();
        std::mem::swap(&mut default, &mut whole);
        whole.push("DEFAULT", Node::Map(default));
    }
    Ok(emit(format, &[whole], &EmitOptions::default())?)
}

fn common_folder<'p>(paths: impl Iterator<Item = &'p Path>) -> PathBuf {
    let mut common: Option<PathBuf> = None;
    for path in paths {
        let folder = path.parent().unwrap_or(Path::new(""));
        common = Some(match common {
            None => folder.to_owned(),
            Some(known) => {
                let shared = known.components().zip(folder.components());
                shared
                    .take_while(|(one, two)| one == two)
                    .map(|(one, _)| one)
                    .collect()
            }
        });
    }
    common.unwrap_or_default()
}

/// `a/wifi.age` is the key `wifi` in the map `a`.
fn keys(path: &Path) -> Vec<String> {
    let stem = match path.extension() {
        Some(end) if end == "age" => path.with_extension(""),
        _ => path.to_owned(),
    };
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    stem.components().filter_map(name).collect()
}

fn put(map: &mut Map, keys: &[String], value: SecretBytes, path: &Path) -> Result<(), Failure> {
    let taken = || {
        Failure::new(format!(
            "'{}' would have the key of another file",
            path.display()
        ))
    };
    match keys {
        [] => Err(taken()),
        [key] if map.get(key).is_some() => Err(taken()),
        [key] => {
            map.push(key, Node::scalar(Value::String(value)));
            Ok(())
        }
        [key, rest @ ..] => {
            if map.get(key).is_none() {
                map.push(key, Node::Map(Map::default()));
            }
            match map.get_mut(key) {
                Some(Node::Map(inner)) => put(inner, rest, value, path),
                _ => Err(taken()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_keys() {
        let files = ["s/a/wifi.age", "s/b.yaml.age", "s/a/c"].map(Path::new);
        let common = common_folder(files.into_iter());
        assert_eq!(common, Path::new("s"));
        let keys = files.map(|file| keys(file.strip_prefix(&common).unwrap()).join("."));
        assert_eq!(keys, ["a.wifi", "b.yaml", "a.c"]);
        assert_eq!(
            common_folder([Path::new("x.age")].into_iter()),
            Path::new("")
        );
    }
}
