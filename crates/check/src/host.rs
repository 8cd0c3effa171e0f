//! Hosts: what they install, and whether they can open it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::keyring::Interaction;
use nixseal_age::{ParsedRecipient, parse_recipient};
use nixseal_base::env::Environment;
use nixseal_repository::drift::Mark;
use nixseal_repository::lock::RecipientId;
use nixseal_repository::rekey::Item;
use nixseal_repository::sops::SopsFile;
use nixseal_repository::{EncryptedFile, FileState, Reader, Repository};
use serde_json::Value;

use crate::finder::Finder;
use crate::rule;

/// A host, as its manifest describes it.
#[derive(Debug)]
pub struct Host {
    /// The manifest.
    pub manifest: PathBuf,
    secrets: Vec<Installed>,
}

/// A secret that a host installs, of which the host's keys are known.
#[derive(Debug)]
struct Installed {
    /// The option that declares it, or its name.
    option: String,
    file: PathBuf,
    is_age: bool,
    keys: Vec<String>,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not JSON.
    #[error("'{}' is not a manifest: {cause}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        cause: serde_json::Error,
    },
    /// It is another JSON.
    #[error("'{}' is not a manifest of nixseal: it has no trees", .0.display())]
    Shape(PathBuf),
}

impl Host {
    /// Reads the manifest `text`, which stands at `path`; files in it are relative to its folder.
    ///
    /// # Errors
    /// When it is no manifest.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        let root: Value = serde_json::from_str(text).map_err(|cause| ManifestError::Json {
            path: path.to_owned(),
            cause,
        })?;
        let trees = root.get("trees").and_then(Value::as_array);
        let trees = trees.ok_or_else(|| ManifestError::Shape(path.to_owned()))?;
        let all = keys(&root).unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new("/"));
        let secrets = trees
            .iter()
            .filter_map(|tree| tree.get("secrets")?.as_array())
            .flatten();
        let installed = secrets.filter_map(|secret| {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
            let age = secret.get("age").and_then(|age| age.get("file"));
            let sops = secret.get("sops").and_then(|sops| sops.get("file"));
            Some(Installed {
                option: text(secret.get("option")).or_else(|| text(secret.get("name")))?,
                file: folder.join(text(age.or(sops))?),
                is_age: age.is_some(),
                keys: keys(secret).unwrap_or_else(|| all.clone()),
            })
        });
        let secrets = installed.filter(|secret| !secret.keys.is_empty()).collect();
        Ok(Self {
            manifest: path.to_owned(),
            secrets,
        })
    }
}

fn keys(value: &Value) -> Option<Vec<String>> {
    let keys = value.get("hostPublicKeys")?.as_array()?;
    Some(
        keys.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}

/// Looks whether each host can open what it installs.
pub(crate) fn look(
    finder: &mut Finder<'_>,
    hosts: &[Host],
    plans: &[(&Repository, Vec<Item<'_>>)],
) {
    let asks = Interaction::silent(Environment::default());
    for host in hosts {
        for secret in &host.secrets {
            let readers: Vec<Reader> = secret
                .keys
                .iter()
                .flat_map(|key| readers(key, &asks))
                .collect();
            if readers.is_empty() {
                let message = format!(
                    "no key of the host can be used: '{}'",
                    secret.keys.join("', '")
                );
                finder.file(rule::RULES_UNUSABLE, &host.manifest, message);
                continue;
            }
            let can = match secret.is_age {
                true => opens_age(&secret.file, &readers, plans),
                false => opens_sops(&secret.file, &readers),
            };
            let shown = finder.shown(&secret.file).display().to_string();
            match can {
                Some(true) => {}
                Some(false) => {
                    let message = format!(
                        "the host cannot open '{shown}', which '{}' is",
                        secret.option
                    );
                    finder.file(rule::HOST_CANNOT_READ, &host.manifest, message);
                }
                None if !secret.file.exists() => {
                    let message = format!("'{}' is '{shown}', which is not there", secret.option);
                    finder.file(rule::DECLARED_MISSING, &host.manifest, message);
                }
                // It cannot be told.
                None => {}
            }
        }
    }
}

/// A key, and the one that hosts derive from it.
fn readers(key: &str, asks: &Arc<Interaction>) -> Vec<Reader> {
    let Ok(recipient) = parse_recipient(key, asks) else {
        return Vec::new();
    };
    let derived = recipient.ssh_key().and_then(ParsedRecipient::derived_from);
    [Some(recipient), derived]
        .into_iter()
        .flatten()
        .map(|one| {
            let label = one.label();
            Reader::new(Arc::new(one), label)
        })
        .collect()
}

/// Whether one of `readers` opens an age file; none where nobody can tell without a key.
fn opens_age(
    path: &Path,
    readers: &[Reader],
    plans: &[(&Repository, Vec<Item<'_>>)],
) -> Option<bool> {
    let FileState::Encrypted(file) = FileState::read(path) else {
        return None;
    };
    if let Some(recorded) = recorded(&file, plans) {
        return Some(
            readers
                .iter()
                .any(|reader| recorded.contains(&reader.wanted.id)),
        );
    }
    let mut certain = true;
    for reader in readers {
        match &reader.wanted.mark {
            Mark::Tagged { kind, tag } => {
                let is = |first: Option<&String>| first == Some(tag);
                if file
                    .stanzas
                    .iter()
                    .any(|stanza| stanza.tag == *kind && is(stanza.args.first()))
                {
                    return Some(true);
                }
            }
            Mark::Anonymous(kind) => {
                certain &= !file.stanzas.iter().any(|stanza| stanza.tag == *kind)
            }
            Mark::Opaque => certain = false,
        }
    }
    certain.then_some(false)
}

/// What a lock knows of a file with this very content, wherever it lies.
fn recorded<'p>(
    file: &EncryptedFile,
    plans: &'p [(&Repository, Vec<Item<'_>>)],
) -> Option<&'p BTreeSet<RecipientId>> {
    plans.iter().find_map(|(repository, items)| {
        items.iter().find_map(|item| match &item.state {
            FileState::Encrypted(own) if own.digest == file.digest => {
                repository.lock.recipients(&item.secret.name, &own.digest)
            }
            _ => None,
        })
    })
}

/// The same for a SOPS file, whose recipients are named in it.
fn opens_sops(path: &Path, readers: &[Reader]) -> Option<bool> {
    let file = SopsFile::read(path, None).ok()?;
    let ids: Vec<RecipientId> = file
        .metadata()
        .keys()
        .map(|(_, key)| RecipientId::of(key.id.field("recipient")))
        .collect();
    Some(readers.iter().any(|reader| ids.contains(&reader.wanted.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_tell_files_and_keys() {
        let text = r#"{"hostPublicKeys":["age1x"],"trees":[{"secrets":[
            {"name":"a","option":"age.secrets.a","age":{"file":"a.age"}},
            {"name":"b","sops":{"file":"/b.yaml"},"hostPublicKeys":["ssh-ed25519 AAAA"]},
            {"name":"c","age":{"file":"c.age"},"hostPublicKeys":[]}]}]}"#;
        let host = Host::parse(Path::new("/r/m.json"), text).unwrap();
        let told: Vec<_> = host
            .secrets
            .iter()
            .map(|one| {
                (
                    one.option.as_str(),
                    one.file.to_str().unwrap(),
                    one.is_age,
                    one.keys[0].as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("age.secrets.a", "/r/a.age", true, "age1x"),
                ("b", "/b.yaml", false, "ssh-ed25519 AAAA")
            ]
        );
        assert!(Host::parse(Path::new("/m"), "{}").is_err());
        assert!(Host::parse(Path::new("/m"), "x").is_err());
    }
}
