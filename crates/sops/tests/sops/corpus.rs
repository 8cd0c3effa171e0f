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
use nixseal_testkit::oracle::{DATA_KEY, Encryption, Oracle};

use crate::bench::now;
use crate::dump::{dump, values};

/// What `sops` itself does not get back from its own file, or from ours, as to comments; and how
/// many of the files below show it.
const DEFECTS: &[(&str, usize)] = &[];

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
        let kept = match encrypted.emit(Layout::Kept) {
            Ok(kept) => kept,
            Err(error) => return Err(format!("kept: {error}")),
        };
        let opened = open(self.format, kept.expose())
            .unwrap_or_else(|error| panic!("{error}:\n{}", self.text));
        assert_eq!(dump(&opened.document.branches), tree, "{}", self.text);
        let spliced = opened
            .document
            .splice()
            .unwrap_or_else(|error| panic!("{error}:\n{}", self.text));
        assert_eq!(String::from_utf8_lossy(spliced.expose()), self.text);
        match oracle.decrypt(self.format.name(), kept.expose()) {
            Ok(theirs) if theirs.tree == tree => Ok(()),
            Ok(theirs) if values(&theirs.tree) == values(tree) => {
                Err("comments, kept layout".to_owned())
            }
            Ok(theirs) => Err(format!("kept: they decrypt otherwise {}", theirs.tree)),
            Err(refusal) => Err(format!(
                "kept: they refuse {} {}",
                refusal.code, refusal.message
            )),
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
            Ok(theirs) if theirs.tree == tree => Ok(()),
            Ok(theirs) if values(&theirs.tree) == values(tree) => Err("comments, ours".to_owned()),
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
                if shown == tree {
                    return Ok(());
                }
                if values(&shown) == values(tree) {
                    return Err("comments, theirs".to_owned());
                }
                if shown == again.tree {
                    return Err("they lose values".to_owned());
                }
                Err(format!("theirs: we decrypt otherwise {shown}"))
            }
            (Err(_), Err(_)) => Err("they write what nobody reads".to_owned()),
            (Err(ours), Ok(_)) => Err(format!("theirs: we refuse {ours}")),
            (Ok(_), Err(theirs)) => Err(format!("theirs: only we read it: {}", theirs.code)),
        }
    }
}

fn key() -> DataKey {
    DataKey::from_bytes(&DATA_KEY).expect("it has the right length")
}

fn open(format: Format, bytes: &[u8]) -> Result<DecryptedFile, Error> {
    EncryptedFile::parse(format, bytes)?.decrypt(&key(), DecryptOptions::default())
}
