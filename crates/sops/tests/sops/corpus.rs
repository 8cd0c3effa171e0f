//! Random documents encrypted by one tool and decrypted by the other, thousands of them, in one
//! process of `sops`; and ours in the layout of the original text, where decrypting gives every
//! byte of it back. Differences have names, as in the corpus of documents.

use std::collections::BTreeMap;

use nixseal_document::{EmitOptions, Format, parse};
use nixseal_sops::{
    DataKey, DecryptOptions, DecryptedFile, EncryptedFile, Error, KeyId, Layout, ListComments,
    Metadata, Selector, SelectorKind, WrappedKey, file,
};
use nixseal_testkit::documents::{Choices, flat, yaml};
use nixseal_testkit::oracle::{DATA_KEY, Encryption, Oracle, Refusal};

use crate::bench::now;
use crate::dump::{dump, tokens, values, without_type};
use crate::layout_of_texts::without_values;

/// What does not come back as it was, and how many of the files below show it. Values are the same
/// in all of them but those of which it is said.
const DEFECTS: &[(&str, usize)] = &[
    (
        "ini: a comment would belong to something else in the text, so it is laid out anew",
        114,
    ),
    (
        "ini: an empty document or value comes back with other blanks",
        88,
    ),
    ("ini: sops crashes on an empty line of comment", 2),
    (
        "ini: sops reads a comment of our canonical file elsewhere, or not at all",
        27,
    ),
    (
        "ini: sops reads a comment of our text elsewhere, or not at all",
        1,
    ),
    ("ini: sops writes a comment elsewhere, or not at all", 1),
    ("ini: sops writes what nobody can read", 2),
    (
        "ini: values would not read back in the text, so it is laid out anew",
        21,
    ),
    (
        "json: an empty document or value comes back with other blanks",
        46,
    ),
    (
        "yaml: a comment behind an empty list stays encrypted (ours)",
        1,
    ),
    (
        "yaml: a comment would belong to something else in the text, so it is laid out anew",
        58,
    ),
    (
        "yaml: sops computes another MAC where comments of lists select values",
        1,
    ),
    (
        "yaml: sops reads a comment of our canonical file elsewhere, or not at all",
        43,
    ),
    (
        "yaml: sops reads a comment of our text elsewhere, or not at all",
        29,
    ),
    ("yaml: sops writes a comment elsewhere, or not at all", 3),
    (
        "yaml: sops writes comments as values, or values as comments",
        14,
    ),
    ("yaml: sops writes what nobody can read", 33),
];

const FILES: [(Format, usize); 4] = [
    (Format::Yaml, 3_000),
    (Format::Json, 700),
    (Format::Dotenv, 700),
    (Format::Ini, 700),
];

const SELECTORS: [(SelectorKind, &str); 6] = [
    (SelectorKind::UnencryptedSuffix, "_unencrypted"),
    (SelectorKind::EncryptedSuffix, "a"),
    (SelectorKind::UnencryptedRegex, "^[a-d]"),
    (SelectorKind::EncryptedRegex, "^k|s"),
    (SelectorKind::EncryptedCommentRegex, "^ c"),
    (SelectorKind::UnencryptedCommentRegex, "^ c"),
];

#[test]
fn each_reads_what_the_other_encrypts() {
    let mut oracle = Oracle::new();
    let mut found: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut agreed = 0;
    for (format, count) in FILES {
        let mut random = Choices::new(200);
        for index in 0..count {
            let text = match format {
                Format::Yaml => yaml::file(&mut random, if index % 3 == 0 { 0 } else { 12 }),
                Format::Json => flat::json(&mut random),
                Format::Dotenv => flat::dotenv(&mut random),
                Format::Ini | Format::Binary => flat::ini(&mut random),
            };
            // Selectors by comment are for formats with comments in the right places.
            let kinds = if format == Format::Yaml { 6 } else { 4 };
            let case = Case {
                format,
                text: &text,
                selector: SELECTORS[random.below(kinds)],
                mac_only: random.percent(30),
            };
            let Ok(document) = parse(format, text.as_bytes()) else {
                continue;
            };
            if document.branches.is_empty() {
                continue;
            }
            match case.check(&mut oracle) {
                Ok(()) => agreed += 1,
                Err(defect) => {
                    let name = format!("{format}: {defect}");
                    let entry = found.entry(name).or_insert((0, text.clone()));
                    entry.0 += 1;
                    if text.len() < entry.1.len() {
                        entry.1 = text;
                    }
                }
            }
        }
    }
    let counted: Vec<(&str, usize)> = found
        .iter()
        .map(|(name, (count, _))| (name.as_str(), *count))
        .collect();
    assert_eq!(counted, DEFECTS, "{agreed} agree; examples: {found:#?}");
}

/// One file and how it is encrypted.
struct Case<'a> {
    format: Format,
    text: &'a str,
    selector: (SelectorKind, &'a str),
    mac_only: bool,
}

impl Case<'_> {
    /// The name of a defect of `sops`, or what we do wrong.
    fn check(&self, oracle: &mut Oracle) -> Result<(), String> {
        let plain = parse(self.format, self.text.as_bytes()).expect("it was read before");
        let tree = dump(&plain.branches);
        self.kept_layout(oracle, &tree)?;
        self.ours_to_theirs(oracle, &tree)?;
        self.theirs_to_ours(oracle, &tree)
    }

    fn encrypt(&self, comments: ListComments) -> Result<EncryptedFile, Error> {
        let document = parse(self.format, self.text.as_bytes()).expect("it was read before");
        let wrapped = WrappedKey {
            id: KeyId::age("age1recipient"),
            created_at: None,
            enc: "no key\n".to_owned(),
        };
        let selector = Selector::new(self.selector.0, self.selector.1).expect("it is valid");
        let mut metadata = Metadata::new(vec![vec![wrapped]], selector, now());
        metadata.mac_only_encrypted = self.mac_only;
        file::encrypt(document, self.format, metadata, &key(), comments, now())
    }

    /// In the layout of the text: `sops` reads the values, and decrypting gives every byte back.
    fn kept_layout(&self, oracle: &mut Oracle, tree: &str) -> Result<(), String> {
        let Ok(encrypted) = self.encrypt(ListComments::Comments) else {
            return Err("we do not encrypt".to_owned());
        };
        let kept =
            match encrypted.emit(Layout::Kept) {
                Ok(kept) => kept,
                Err(Error::Splice(_)) => return Err(
                    "a comment would belong to something else in the text, so it is laid out anew"
                        .to_owned(),
                ),
                Err(error) => return Err(format!("kept: {error}")),
            };
        let opened = open(self.format, kept.expose())
            .unwrap_or_else(|error| panic!("{error}:\n{}", self.text));
        if everything(&dump(&opened.document.branches)) != everything(tree) {
            return Err("a comment behind an empty list stays encrypted (ours)".to_owned());
        }
        let Ok(spliced) = opened.document.splice() else {
            return Err(
                "values would not read back in the text, so it is laid out anew".to_owned(),
            );
        };
        let rest = |text: &str| {
            let mut document = parse(self.format, text.as_bytes()).expect("it is read");
            without_values(self.format, &mut document.branches, text)
        };
        let spliced = String::from_utf8_lossy(spliced.expose());
        if rest(&spliced)
            .split_whitespace()
            .ne(rest(self.text).split_whitespace())
        {
            return Err("an empty document or value comes back with other blanks".to_owned());
        }
        match oracle.decrypt(self.format.name(), kept.expose()) {
            Ok(theirs) if everything(&theirs.tree) == everything(tree) => Ok(()),
            Ok(theirs) if values(&theirs.tree) == values(tree) => {
                Err("sops reads a comment of our text elsewhere, or not at all".to_owned())
            }
            Ok(theirs) => Err(format!("kept: they decrypt otherwise {}", theirs.tree)),
            Err(refusal) => Err(refused(&refusal)),
        }
    }

    fn ours_to_theirs(&self, oracle: &mut Oracle, tree: &str) -> Result<(), String> {
        let encrypted = self
            .encrypt(ListComments::Elements)
            .map_err(|error| error.to_string())?;
        let written = match encrypted.emit(Layout::Canonical(EmitOptions::default())) {
            Ok(written) => written,
            Err(error) => return Err(format!("canonical: {error}")),
        };
        match oracle.decrypt(self.format.name(), written.expose()) {
            Ok(theirs) if everything(&theirs.tree) == everything(tree) => Ok(()),
            Ok(theirs) if values(&theirs.tree) == values(tree) => Err(
                "sops reads a comment of our canonical file elsewhere, or not at all".to_owned(),
            ),
            Ok(theirs) => Err(format!("ours: they decrypt otherwise {}", theirs.tree)),
            Err(refusal) => Err(format!(
                "ours: they refuse {} {}",
                refusal.code, refusal.message
            )),
        }
    }

    fn theirs_to_ours(&self, oracle: &mut Oracle, tree: &str) -> Result<(), String> {
        let encryption = Encryption {
            selector: Some((self.selector.0.field(), self.selector.1)),
            mac_only_encrypted: self.mac_only,
        };
        let theirs = match oracle.encrypt(self.format.name(), encryption, self.text.as_bytes()) {
            Ok(theirs) => theirs,
            Err(refusal) => {
                return Err(format!(
                    "they do not encrypt: {} {}",
                    refusal.code, refusal.message
                ));
            }
        };
        let again = oracle.decrypt(self.format.name(), &theirs.file);
        let ours = open(self.format, &theirs.file);
        match (ours, again) {
            (Ok(ours), Ok(again)) => {
                let shown = dump(&ours.document.branches);
                if everything(&shown) == everything(tree) {
                    return Ok(());
                }
                if values(&shown) == values(tree) {
                    return Err("sops writes a comment elsewhere, or not at all".to_owned());
                }
                if everything(&shown) == everything(&again.tree) {
                    return Err("sops writes comments as values, or values as comments".to_owned());
                }
                Err(format!("theirs: we decrypt otherwise {shown}"))
            }
            (Err(_), Err(_)) => Err("sops writes what nobody can read".to_owned()),
            (Err(ours), Ok(_)) => Err(format!("theirs: we refuse {ours}")),
            (Ok(_), Err(theirs)) => Err(format!("theirs: only we read it: {}", theirs.code)),
        }
    }
}

/// A tree with its comments; floats as without types, and empty comments of lists with the blank
/// that keeps them comments.
fn everything(tree: &str) -> String {
    let token = |token: &str| match token.strip_prefix(['C', 'I']) {
        // `sops` loses that a comment stands behind a value.
        Some(text) => format!("C{}", text.strip_prefix("20 ").map_or(text, |_| " ")),
        None => without_type(token),
    };
    tokens(tree).map(token).collect()
}

/// Empty lines of comments crash it, and comments of lists that select values are counted in.
fn refused(refusal: &Refusal) -> String {
    match refusal.code {
        51 => "sops computes another MAC where comments of lists select values".to_owned(),
        -1 => "sops crashes on an empty line of comment".to_owned(),
        code => format!("they refuse: {code} {}", refusal.message),
    }
}

fn key() -> DataKey {
    DataKey::from_bytes(&DATA_KEY).expect("it has the right length")
}

fn open(format: Format, bytes: &[u8]) -> Result<DecryptedFile, Error> {
    EncryptedFile::parse(format, bytes)?.decrypt(&key(), DecryptOptions::default())
}
