//! What one version of a file tells without a key.

use std::collections::BTreeSet;
use std::path::Path;

use nixseal_age::{ARMOR_BEGIN, OpenFile};
use nixseal_document::Format;
use nixseal_document::path::{Path as ValuePath, Step};
use nixseal_document::tree::{Map, Node, Value};
use nixseal_repository::holders::id_of;
use nixseal_repository::lock::{FileDigest, RecipientId};
use nixseal_repository::sops::{SopsFile, discover, is_age_name};
use nixseal_sops::KeyId;
use sha2::{Digest as _, Sha256};

/// How an encrypted value begins.
const ENCRYPTED: &[u8] = b"ENC[AES256_GCM,";

/// Enough of a digest to tell texts apart.
pub(super) type Print = [u8; 16];

/// A version of a file.
#[derive(Debug)]
pub(super) enum Content {
    /// An age file.
    Age(AgeContent),
    /// A SOPS file.
    Sops(SopsContent),
    /// In clear, although its name says that it is an age file.
    Clear,
    /// Something that has nothing to do with secrets.
    Other,
}

#[derive(Debug)]
pub(super) struct AgeContent {
    pub(super) digest: FileDigest,
    /// First words of its stanzas.
    pub(super) stanzas: BTreeSet<String>,
    /// Kinds and tags of its SSH stanzas.
    pub(super) tags: BTreeSet<(String, String)>,
    /// Length of its payload in bytes: equal for equal values.
    pub(super) length: u64,
}

#[derive(Debug)]
pub(super) struct SopsContent {
    pub(super) format: Format,
    /// Each recipient.
    pub(super) keys: Vec<SopsKey>,
    pub(super) groups: usize,
    /// How many groups must take part; 0 for all.
    pub(super) threshold: u32,
    /// The wrapped data keys: files that share one have the same data key.
    pub(super) wraps: Vec<Print>,
    /// Encrypted values, sorted by path.
    pub(super) values: Vec<SopsValue>,
}

/// A recipient of a SOPS file.
#[derive(Debug)]
pub(super) struct SopsKey {
    pub(super) group: usize,
    pub(super) key: KeyId,
    pub(super) id: RecipientId,
}

/// An encrypted value.
#[derive(Debug)]
pub(super) struct SopsValue {
    pub(super) path: String,
    pub(super) print: Print,
    /// Length of the encrypted data, and the type: equal for equal values.
    pub(super) shape: (usize, Print),
}

impl SopsContent {
    /// The value at a path.
    pub(super) fn value(&self, path: &str) -> Option<&SopsValue> {
        let found = self
            .values
            .binary_search_by(|one| one.path.as_str().cmp(path));
        found.ok().and_then(|index| self.values.get(index))
    }

    /// Whether two versions certainly have the same data key. Then a value whose text differs was
    /// given anew; with a new data key every text differs.
    pub(super) fn has_key_of(&self, other: &Self) -> bool {
        let wrapped = self.wraps.iter().any(|wrap| other.wraps.contains(wrap));
        wrapped
            || self.values.iter().any(|value| {
                other
                    .value(&value.path)
                    .is_some_and(|old| old.print == value.print)
            })
    }
}

/// Looks at one version of the file at `path`.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Content {
    let armored = bytes.trim_ascii_start().starts_with(ARMOR_BEGIN.as_bytes());
    if armored || bytes.starts_with(b"age-encryption.org/") {
        return age(bytes).map_or(Content::Other, Content::Age);
    }
    match discover::Content::of(path, bytes) {
        discover::Content::Encrypted(file) => Content::Sops(sops(&file)),
        discover::Content::Clear if is_age_name(path) => Content::Clear,
        _ => Content::Other,
    }
}

fn age(bytes: &[u8]) -> Option<AgeContent> {
    let file = OpenFile::parse(bytes).ok()?;
    let stanzas = file.header().stanzas();
    let tag = |stanza: &nixseal_age::Stanza| {
        let ssh = matches!(stanza.tag.as_str(), "ssh-ed25519" | "ssh-rsa");
        let tag = stanza.args.first().filter(|_| ssh)?;
        Some((stanza.tag.clone(), tag.clone()))
    };
    Some(AgeContent {
        digest: FileDigest::of(bytes),
        stanzas: stanzas.iter().map(|stanza| stanza.tag.clone()).collect(),
        tags: stanzas.iter().filter_map(tag).collect(),
        length: file.payload_length().ok()?,
    })
}

fn sops(file: &SopsFile) -> SopsContent {
    let metadata = file.metadata();
    let mut values = Vec::new();
    let documents = file.encrypted.documents();
    for (number, map) in documents.iter().enumerate() {
        let mut found = Vec::new();
        in_map(map, &mut Vec::new(), &mut found);
        if number > 0 {
            let second =
                |value: &mut SopsValue| value.path = format!("{}#{}", value.path, number + 1);
            found.iter_mut().for_each(second);
        }
        values.append(&mut found);
    }
    values.sort_by(|one, two| one.path.cmp(&two.path));
    SopsContent {
        format: file.format(),
        keys: metadata
            .keys()
            .map(|(group, key)| SopsKey {
                group,
                id: id_of(&key.id),
                key: key.id.clone(),
            })
            .collect(),
        groups: metadata.groups.len(),
        threshold: metadata.shamir_threshold,
        wraps: metadata
            .keys()
            .map(|(_, key)| print(key.enc.as_bytes()))
            .collect(),
        values,
    }
}

fn in_map(map: &Map, path: &mut Vec<Step>, found: &mut Vec<SopsValue>) {
    for pair in map.pairs() {
        path.push(Step::Key(pair.key.clone()));
        in_node(&pair.value, path, found);
        path.pop();
    }
}

/// As deep as the reader of the format lets trees be.
fn in_node(node: &Node, path: &mut Vec<Step>, found: &mut Vec<SopsValue>) {
    match node {
        Node::Map(map) => in_map(map, path, found),
        Node::List(list) => {
            for (index, node) in list.values().enumerate() {
                path.push(Step::Index(index));
                in_node(node, path, found);
                path.pop();
            }
        }
        Node::Scalar(scalar) => {
            if let Value::String(text) = scalar.value()
                && let Some(inner) = text.expose().strip_prefix(ENCRYPTED)
            {
                found.push(SopsValue {
                    path: ValuePath(path.clone()).to_string(),
                    print: print(text.expose()),
                    shape: shape(inner),
                });
            }
        }
    }
}

/// Length and type in `data:…,iv:…,tag:…,type:…]`.
fn shape(inner: &[u8]) -> (usize, Print) {
    let length = inner.split(|byte| *byte == b',').next().unwrap_or_default();
    let kind = inner
        .rsplit(|byte| *byte == b',')
        .next()
        .unwrap_or_default();
    // Of base64, padding must not hide a byte.
    let padding = length.iter().filter(|byte| **byte == b'=').count();
    (length.len() - padding, print(kind))
}

fn print(bytes: &[u8]) -> Print {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut print = Print::default();
    print.copy_from_slice(&digest[..16]);
    print
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(values: &str, enc: &str) -> SopsContent {
        let text = format!(
            "{values}sops:\n    age:\n        - recipient: age1x\n          enc: {enc}\n    \
             lastmodified: \"2026-11-23T06:46:17Z\"\n    mac: ENC[x]\n    version: 3.13.3\n"
        );
        match read(Path::new("a.yaml"), text.as_bytes()) {
            Content::Sops(content) => content,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_found_by_path_and_told_by_length_and_type() {
        let one = file(
            "a:\n    - ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nb: x\n\
             c: ENC[AES256_GCM,data:YWE=,iv:YQ==,tag:YQ==,type:str]\n",
            "w",
        );
        let paths: Vec<&str> = one.values.iter().map(|value| value.path.as_str()).collect();
        assert_eq!(paths, ["a[0]", "c"]);
        assert_ne!(one.values[0].shape, one.values[1].shape);
    }

    #[test]
    fn the_data_key_is_the_same_where_a_wrap_or_a_value_is() {
        let value =
            |data: &str| format!("a: ENC[AES256_GCM,data:{data},iv:YQ==,tag:YQ==,type:str]\n");
        let one = file(&value("YQ=="), "w");
        assert!(one.has_key_of(&file(&value("Yg=="), "w")));
        assert!(one.has_key_of(&file(&value("YQ=="), "other")));
        assert!(!one.has_key_of(&file(&value("Yg=="), "other")));
    }

    #[test]
    fn what_is_no_secret_is_left_alone() {
        assert!(matches!(
            read(Path::new("a.yaml"), b"a: 1\n"),
            Content::Other
        ));
        assert!(matches!(
            read(Path::new("a.age"), b"hunter2\n"),
            Content::Clear
        ));
        assert!(matches!(
            read(Path::new("a.age"), b"age-encryption.org/v1\nx"),
            Content::Other
        ));
    }
}
