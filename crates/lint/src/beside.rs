//! What lies in a repository besides Nix files: private keys, and plaintext beside its ciphertext.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nixseal_base::span::Span;

use crate::files::{content, holds};
use crate::finding::Finding;
use crate::rule;
use crate::run::{File, beginning, is_encrypted, is_nix};
use crate::shapes;
use crate::source::Text;

/// Texts that show keys to people, and code that tests with them.
const SPEAKS_OF_KEYS: &[&str] = &[
    "adoc", "c", "diff", "go", "h", "html", "js", "md", "org", "patch", "py", "rb", "rs", "rst",
    "ts",
];
/// Marks of a decrypted copy, between the name and the suffix or behind it.
const DECRYPTED: &[&str] = &["dec", "decrypted", "plain", "plaintext", "clear"];
/// Marks of ciphertext.
const ENCRYPTED: &[&str] = &["age", "enc", "encrypted", "sops", "gpg"];

/// A private key that needs no passphrase, as a file.
pub(crate) fn private_key(file: &File) -> Option<Finding> {
    let extension = file
        .path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    if SPEAKS_OF_KEYS.contains(&extension) {
        return None;
    }
    let bytes = beginning(&file.path)?;
    if !holds(&bytes, b"PRIVATE KEY") && !holds(&bytes, b"AGE-SECRET-KEY-") {
        return None;
    }
    let text = String::from_utf8(bytes).ok()?;
    let start = key_in(&text)?;
    let end = text[start..]
        .find('\n')
        .map_or(text.len(), |end| start + end);
    let source = Text::new(&text);
    // Nothing of such a file is shown.
    let mut place = source.place(Span::new(start, end), &[Span::new(0, text.len())]);
    place.line.clear();
    (place.from, place.width) = (0, 0);
    Some(Finding {
        rule: rule::PRIVATE_KEY_FILE,
        path: file.shown.clone(),
        place: Some(place),
        message: "a private key in clear, without a passphrase".to_owned(),
        help: rule::PRIVATE_KEY_FILE.instead.to_owned(),
    })
}

/// Where a key begins a line.
fn key_in(text: &str) -> Option<usize> {
    let begins_line = |at: usize| at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
    let pem = shapes::private_key(text).map(|range| range.start);
    let age = shapes::find(text)
        .into_iter()
        .find(|hit| hit.shape.is_private_key);
    pem.or(age.map(|hit| hit.range.start))
        .filter(|at| begins_line(*at))
}

/// Files that have an encrypted twin and are not encrypted.
pub(crate) fn plaintext(files: &[File]) -> Vec<Finding> {
    let by_path: BTreeMap<&Path, &File> = files
        .iter()
        .map(|file| (file.path.as_path(), file))
        .collect();
    let mut found = Vec::new();
    for file in files {
        for plain in plain_names(&file.path) {
            let Some(twin) = by_path
                .get(plain.as_path())
                .filter(|twin| twin.path != file.path)
            else {
                continue;
            };
            if is_nix(&twin.path) || !is_encrypted(&file.path) || !is_clear(&twin.path) {
                continue;
            }
            found.push(Finding {
                rule: rule::PLAINTEXT_BESIDE,
                path: twin.shown.clone(),
                place: None,
                message: format!(
                    "it is in clear, and '{}' is its encrypted form",
                    file.shown.display()
                ),
                help: rule::PLAINTEXT_BESIDE.instead.to_owned(),
            });
        }
    }
    found.sort_by(|one, two| one.path.cmp(&two.path));
    found.dedup_by(|one, two| one.path == two.path);
    found
}

/// What the plaintext of an encrypted file may be called.
fn plain_names(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for mark in ENCRYPTED {
        names.extend(name.strip_suffix(&format!(".{mark}")).map(str::to_owned));
        names.extend(name.strip_prefix(&format!("{mark}.")).map(str::to_owned));
        if let Some((stem, suffix)) = name.split_once(&format!(".{mark}.")) {
            names.push(format!("{stem}.{suffix}"));
        }
    }
    for mark in DECRYPTED {
        names.push(format!("{name}.{mark}"));
        if let Some((stem, suffix)) = name.rsplit_once('.') {
            names.push(format!("{stem}.{mark}.{suffix}"));
        }
    }
    names
        .into_iter()
        .filter(|plain| !plain.is_empty())
        .map(|plain| path.with_file_name(plain))
        .collect()
}

fn is_clear(path: &Path) -> bool {
    let name = path.extension().and_then(|extension| extension.to_str());
    let Some(bytes) = beginning(path) else {
        return false;
    };
    name != Some("pub") && !bytes.is_empty() && content(&bytes) != crate::files::Content::Encrypted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins() {
        let has =
            |path: &str, plain: &str| plain_names(Path::new(path)).contains(&PathBuf::from(plain));
        assert!(has("a/wifi.age", "a/wifi"));
        assert!(has("a/db.enc.yaml", "a/db.yaml"));
        assert!(has("a/db.yaml", "a/db.dec.yaml"));
        assert!(has("a/db.yaml", "a/db.yaml.dec"));
        assert!(!has("a/db.yaml", "a/other.yaml"));
    }
}
