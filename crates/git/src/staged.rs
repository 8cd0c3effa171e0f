//! What is about to be committed: nothing that rules cover may be in clear.

use std::path::{Path, PathBuf};

use nixseal_age::{ARMOR_BEGIN, OpenFile};
use nixseal_base::diag::Diagnostic;
use nixseal_base::secret::SecretBytes;
use nixseal_repository::sops::discover::Content;

use crate::command::{Git, GitError};

/// How age identities begin; whoever commits one gives everything away.
const IDENTITIES: [&[u8]; 2] = [b"AGE-SECRET-KEY-1", b"AGE-SECRET-KEY-PQ-1"];

/// A file as the next commit will have it.
pub struct Staged {
    /// Its path in the work tree, absolute.
    pub path: PathBuf,
    /// The same from the top of the work tree.
    pub name: String,
    /// Its content.
    pub content: SecretBytes,
}

/// What the rules say about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// A rule of `secrets.nix`, or the suffix `.age`.
    Age,
    /// A creation rule with an expression that matches the path.
    Sops,
    /// A creation rule that matches every path: it says nothing about this one.
    Anything,
    /// None.
    Nothing,
}

/// All files that the next commit adds or changes, links and submodules left out.
///
/// # Errors
/// [`GitError`].
pub fn staged(git: &Git, top: &Path) -> Result<Vec<Staged>, GitError> {
    let changed = [
        "diff",
        "--cached",
        "--raw",
        "--no-renames",
        "--no-abbrev",
        "-z",
        "--diff-filter=ACMT",
    ];
    let listed = git.run(&changed, b"")?;
    let entries = entries(listed.expose());
    let wanted: String = entries.iter().map(|(id, _)| format!("{id}\n")).collect();
    let blobs = git.run(&["cat-file", "--batch"], wanted.as_bytes())?;
    let mut rest = blobs.expose();
    let mut files = Vec::with_capacity(entries.len());
    for (_, name) in entries {
        let (content, behind) = blob(rest).ok_or(GitError::Answer("cat-file"))?;
        files.push(Staged {
            path: top.join(&name),
            name,
            content: SecretBytes::copy_of(content),
        });
        rest = behind;
    }
    Ok(files)
}

/// Ids and names of plain files in the answer of `git diff --raw -z`: records of
/// `:MODE MODE ID ID STATUS`, then a name, each with a zero byte behind it.
fn entries(listed: &[u8]) -> Vec<(String, String)> {
    let mut fields = listed.split(|byte| *byte == 0);
    let mut entries = Vec::new();
    while let (Some(record), Some(name)) = (fields.next(), fields.next()) {
        let record = String::from_utf8_lossy(record);
        let mut words = record.split(' ');
        if let (Some(mode), Some(id)) = (words.nth(1), words.nth(1))
            && mode.starts_with("100")
        {
            entries.push((id.to_owned(), String::from_utf8_lossy(name).into_owned()));
        }
    }
    entries
}

/// One answer of `git cat-file --batch`: `ID blob SIZE`, a line end, that many bytes, a line end.
fn blob(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = answer.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = answer.split_at_checked(end)?;
    let size = std::str::from_utf8(head)
        .ok()?
        .strip_prefix(|_: char| true)?;
    let size: usize = size.rsplit(' ').next()?.parse().ok()?;
    let (content, behind) = rest.get(1..)?.split_at_checked(size)?;
    Some((content, behind.strip_prefix(b"\n")?))
}

/// What is wrong with committing a file: errors for what must not be, warnings for what should
/// not. Nothing of the content is shown.
pub fn judge(file: &Staged, cover: Cover) -> Vec<Diagnostic> {
    let (name, content) = (&file.name, file.content.expose());
    let mut findings = Vec::new();
    match (cover, Content::of(&file.path, content)) {
        (Cover::Age, _) if is_age(content) => {}
        (Cover::Age, _) => {
            let message = format!("'{name}' is in clear, and a rule says it is a secret");
            let hint =
                format!("encrypt it: nixseal set '{name}' < '{name}', then git add '{name}'");
            findings.push(Diagnostic::error(message).hint(hint));
        }
        (_, Content::Encrypted(mut file)) => match file.encrypted.values_in_clear() {
            Ok(clear) if clear.is_empty() => {}
            Ok(clear) => {
                let keys = clear.join("', '");
                let message = format!("'{name}' has values in clear: '{keys}'");
                let hint = "change encrypted files with `nixseal edit` or `nixseal set`";
                findings.push(Diagnostic::error(message).hint(hint));
            }
            Err(error) => findings.push(Diagnostic::error(format!("'{name}': {error}"))),
        },
        (Cover::Sops, Content::Clear) if !content.is_empty() => {
            let message = format!("'{name}' is in clear, and a creation rule covers it");
            let hint =
                format!("encrypt it: nixseal sops encrypt -i '{name}', then git add '{name}'");
            findings.push(Diagnostic::error(message).hint(hint));
        }
        (_, Content::Damaged(error)) => {
            let message = format!("'{name}' cannot be read as an encrypted file: {error}");
            findings.push(Diagnostic::error(message));
        }
        _ => {}
    }
    if IDENTITIES
        .iter()
        .any(|begin| holds_identity(content, begin))
    {
        let message = format!("'{name}' holds a private age key");
        findings.push(Diagnostic::warning(message));
    }
    findings
}

fn is_age(content: &[u8]) -> bool {
    let begins = content.starts_with(b"age-encryption.org/v1\n")
        || content
            .trim_ascii_start()
            .starts_with(ARMOR_BEGIN.as_bytes());
    begins && OpenFile::parse(content).is_ok()
}

/// The prefix with a whole key behind it, not one that is only spoken of.
fn holds_identity(content: &[u8], begin: &[u8]) -> bool {
    content.windows(begin.len() + 50).any(|window| {
        window
            .split_at_checked(begin.len())
            .is_some_and(|(prefix, key)| {
                prefix == begin && key.iter().all(u8::is_ascii_alphanumeric)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, content: &str, cover: Cover) -> Vec<String> {
        let file = Staged {
            path: Path::new("/r").join(name),
            name: name.to_owned(),
            content: SecretBytes::copy_of(content.as_bytes()),
        };
        let found = judge(&file, cover);
        found.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn only_what_rules_cover_has_to_be_encrypted() {
        for (name, cover, count) in [
            ("a.yaml", Cover::Sops, 1),
            ("a.yaml", Cover::Anything, 0),
            ("a.yaml", Cover::Nothing, 0),
            ("a.age", Cover::Age, 1),
        ] {
            assert_eq!(
                findings(name, "password: hunter2\n", cover).len(),
                count,
                "{name}"
            );
        }
        assert_eq!(
            findings("a.age", "age-encryption.org/v1\nnonsense", Cover::Age).len(),
            1
        );
    }

    #[test]
    fn findings_show_no_values() {
        for cover in [Cover::Sops, Cover::Age] {
            let found = findings("a.yaml", "password: hunter2\n", cover);
            assert!(!found.concat().contains("hunter2"));
        }
    }

    #[test]
    fn values_typed_into_an_encrypted_file_are_found() {
        let text = "a: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nb:\n    c: hunter2\n    \
                    d_unencrypted: x\nsops:\n    age:\n        - recipient: age1x\n          enc: x\n    \
                    lastmodified: \"2026-11-23T06:46:17Z\"\n    mac: ENC[x]\n    version: 3.13.3\n";
        let found = findings("a.yaml", text, Cover::Nothing);
        assert_eq!(found, ["'a.yaml' has values in clear: 'b.c'"]);
    }

    #[test]
    fn private_keys_are_worth_a_warning() {
        let key = format!("x = \"AGE-SECRET-KEY-1{}\"\n", "Q".repeat(58));
        assert_eq!(findings("a.nix", &key, Cover::Nothing).len(), 1);
        assert_eq!(
            findings("a.md", "AGE-SECRET-KEY-1...", Cover::Nothing).len(),
            0
        );
    }

    #[test]
    fn answers_of_git_are_read() {
        let listed = b":000000 100644 0000 abcd A\0a b\0:100644 120000 0000 beef M\0link\0";
        assert_eq!(entries(listed), [("abcd".to_owned(), "a b".to_owned())]);
        let answer = b"abcd blob 3\na\nb\nbeef blob 0\n\n";
        let (first, rest) = blob(answer).unwrap();
        assert_eq!(first, b"a\nb");
        assert_eq!(blob(rest), Some((&b""[..], &b""[..])));
        assert_eq!(blob(b"abcd missing\n"), None);
        assert_eq!(blob(b"abcd blob 9\nx"), None);
    }
}
