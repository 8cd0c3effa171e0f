//! Encrypted files as texts whose differences people can read, made without any key.
//!
//! A value is shown by its type and a short digest of its encrypted form, which changes when the
//! value does and tells nothing about it. Recipients stand in lines of their own.

use std::fmt::Write as _;
use std::path::Path;

use nixseal_age::{Error, OpenFile};
use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Comment, Entry, Item, Map, Node, Scalar, Value};
use nixseal_repository::sops::discover::Content;
use nixseal_sops::EncryptedFile;
use nixseal_sops::key_groups::Owners;
use sha2::{Digest as _, Sha256};

const ENCRYPTED: &[u8] = b"ENC[";

/// The file at `path` with its secrets masked; `owners` name recipients. None when it is not
/// encrypted: git shows it as it is then.
pub fn masked(path: &Path, content: &[u8], owners: &Owners) -> Option<String> {
    match Content::of(path, content) {
        Content::Encrypted(file) => Some(sops(file.encrypted, owners)),
        Content::Other if !content.is_empty() => age(content),
        _ => None,
    }
}

fn sops(file: EncryptedFile, owners: &Owners) -> String {
    let mut end = String::new();
    let metadata = file.metadata();
    let groups = metadata.groups.len();
    for (group, key) in metadata.keys() {
        let _ = write!(end, "# recipient {} {}", key.id.kind(), key.id);
        if let Some(owner) = owners.of(&key.id) {
            let _ = write!(end, " ({owner})");
        }
        if groups > 1 {
            let _ = write!(end, ", key group {}", group + 1);
        }
        end.push('\n');
    }
    if groups > 1 {
        let _ = writeln!(end, "# shamir_threshold {}", metadata.shamir_threshold);
    }
    if let Some((kind, text)) = metadata.selector.field() {
        let _ = writeln!(end, "# {} {text}", kind.field());
    }
    if metadata.mac_only_encrypted {
        end.push_str("# mac_only_encrypted\n");
    }
    let mut document = file.into_document();
    document.branches.iter_mut().for_each(mask_map);
    let text = document
        .splice()
        .ok()
        .or_else(|| document.emit_canonical(&Default::default()).ok());
    let text = text.map(|text| String::from_utf8_lossy(text.expose()).into_owned());
    let mut text = text.unwrap_or_default();
    if !(text.is_empty() || text.ends_with('\n')) {
        text.push('\n');
    }
    text + &end
}

fn mask_map(map: &mut Map) {
    for entry in &mut map.entries {
        match entry {
            Entry::Comment(comment) => mask_comment(comment),
            Entry::Pair(pair) => mask_node(&mut pair.value),
        }
    }
}

/// Readers of documents limit the depth.
fn mask_node(node: &mut Node) {
    match node {
        Node::Map(map) => mask_map(map),
        Node::List(list) => list.items.iter_mut().for_each(|item| match item {
            Item::Comment(comment) => mask_comment(comment),
            Item::Value(node) => mask_node(node),
        }),
        Node::Scalar(scalar) => mask_scalar(scalar),
    }
}

fn mask_scalar(scalar: &mut Scalar) {
    if let Value::String(text) = scalar.value()
        && let Some(mask) = mask(text.expose())
    {
        scalar.set(Value::text(&mask));
    }
}

fn mask_comment(comment: &mut Comment) {
    if let Some(mask) = mask(comment.text()) {
        let mask = format!(" {mask}");
        comment.set_text(SecretBytes::copy_of(mask.as_bytes()));
    }
}

fn mask(text: &[u8]) -> Option<String> {
    text.starts_with(ENCRYPTED).then(|| {
        let kind = text.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        let kind = String::from_utf8_lossy(kind.strip_suffix(b"]").unwrap_or(kind)).into_owned();
        format!("<{kind} {}>", digest(text))
    })
}

fn digest(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.iter().take(4).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The recipients of an age file, as far as its header tells, and a digest of the rest.
fn age(content: &[u8]) -> Option<String> {
    let mut text = String::new();
    let header = |text: &mut String| -> Result<(), Error> {
        let file = OpenFile::parse(content)?;
        for stanza in file.header().stanzas() {
            let _ = write!(text, "recipient {}", stanza.tag);
            // Only these arguments are the same in every encryption for that recipient.
            let same = stanza
                .args
                .first()
                .filter(|_| stanza.tag.starts_with("ssh-"));
            let _ = writeln!(
                text,
                "{}",
                same.map_or(String::new(), |tag| format!(" {tag}"))
            );
        }
        Ok(())
    };
    header(&mut text).ok()?;
    let _ = writeln!(
        text,
        "encrypted {} bytes, {}",
        content.len(),
        digest(content)
    );
    Some(text)
}
