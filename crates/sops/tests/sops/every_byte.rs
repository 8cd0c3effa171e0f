//! Every byte of encrypted files, changed in several ways: ours and the real `sops` give the same
//! verdict with the same exit code, and what both accept changes nothing that can be read, but
//! for the [`BLIND_SPOTS`] of the format.

use std::collections::{BTreeMap, BTreeSet};

use nixseal_document::Format;
use nixseal_sops::{DataKey, DecryptOptions, EncryptedFile, Error};
use nixseal_testkit::oracle::{Answer, DATA_KEY, Encryption, Oracle, Refusal};

use crate::dump::{dump, values};

const FILES: [(Format, &str, Encryption<'static>); 7] = [
    (
        Format::Yaml,
        "# note\na: text\nb:\n    c: 5\n    d_unencrypted: clear\nl:\n    - 1.5\n    - true\n",
        UNENCRYPTED,
    ),
    (
        Format::Yaml,
        "a: text # c\nb:\n    - x\n    # y\n    - 2024-01-01\n",
        Encryption {
            selector: Some(("encrypted_regex", "^[ab]")),
            mac_only_encrypted: true,
        },
    ),
    (
        Format::Json,
        "{\"a\": \"text\", \"b\": {\"c\": true, \"d_unencrypted\": \"clear\"}, \"l\": [1, 2]}",
        UNENCRYPTED,
    ),
    (
        Format::Json,
        "{\"a\": \"text\", \"b\": \"clear\"}",
        Encryption {
            selector: Some(("encrypted_suffix", "a")),
            mac_only_encrypted: true,
        },
    ),
    (
        Format::Dotenv,
        "# note\nA=text\nB_unencrypted=clear\n",
        UNENCRYPTED,
    ),
    (
        Format::Ini,
        "top = 1\n[s]\n; note\na = text\nb_unencrypted = clear\n",
        UNENCRYPTED,
    ),
    (
        Format::Binary,
        "\0text",
        Encryption {
            selector: None,
            mac_only_encrypted: false,
        },
    ),
];

const UNENCRYPTED: Encryption<'static> = Encryption {
    selector: Some(("unencrypted_suffix", "_unencrypted")),
    mac_only_encrypted: false,
};

/// What can be changed so that the file still decrypts, to something else. Everything else is
/// refused, or means the same.
const BLIND_SPOTS: [&str; 4] = [
    // Comments authenticate, but one that does not is taken for one in clear.
    "the mark or text of a comment",
    // Keys are part of what authenticates a value, where that is encrypted.
    "the key of a value in clear",
    // With `mac_only_encrypted`, which is there for that.
    "a value in clear that no MAC covers",
    // Text is of any type: `5` for 5.
    "the type of an encrypted value",
];

/// What we refuse, or refuse with another exit code, each a part of our message. The command of
/// `sops` refuses the first as well; the others it takes, and ignores what it does not understand.
const STRICTER: [&str; 6] = [
    "is not a version of the form",
    "something stands behind the end of the JSON object",
    "not UTF-8",
    "it has to be a text",
    "is not a valid regular expression",
    "is not a position in a list",
];

#[test]
fn both_refuse_the_same_changes() {
    let mut oracle = Oracle::new();
    let mut differences: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut stricter = BTreeSet::new();
    let (mut refused, mut harmless, mut blind) = (0, 0, BTreeMap::new());
    for (format, text, encryption) in FILES {
        let file = oracle.encrypt(format.name(), encryption, text.as_bytes());
        let file = file.expect("it is encrypted").file;
        let original = decrypt(format, &file).expect("it decrypts");
        for at in 0..file.len() {
            for change in [0x01, 0x02, 0x20, 0x80] {
                let mut changed = file.clone();
                changed[at] ^= change;
                let theirs = oracle.decrypt(format.name(), &changed);
                match verdict(format, &changed, &original, theirs) {
                    Verdict::Refused => refused += 1,
                    Verdict::Same => harmless += 1,
                    Verdict::Changed => {
                        let spot = blind_spot(&file, at, encryption).unwrap_or_else(|| {
                            panic!("byte {at} of {format}:\n{}", shown(&changed))
                        });
                        *blind.entry(spot).or_insert(0) += 1;
                    }
                    Verdict::Stricter(part) => {
                        stricter.insert(part);
                    }
                    Verdict::Differ(reason) => {
                        let entry = differences.entry(format!("{format}: {reason}"));
                        entry.or_insert((0, shown(&changed))).0 += 1;
                    }
                }
            }
        }
    }
    let spots: Vec<&str> = BLIND_SPOTS
        .into_iter()
        .filter(|spot| !blind.contains_key(spot))
        .collect();
    assert!(spots.is_empty(), "no byte shows these: {spots:?}");
    assert!(
        differences.is_empty(),
        "{refused} refused, {harmless} harmless: {differences:#?}"
    );
    let unseen: Vec<&str> = STRICTER
        .into_iter()
        .filter(|part| !stricter.contains(part))
        .collect();
    assert!(unseen.is_empty(), "these are as in sops: {unseen:?}");
    assert!(refused > 10_000, "only {refused} were refused");
}

enum Verdict {
    /// By both, with the same exit code.
    Refused,
    /// Accepted by both, nothing reads otherwise.
    Same,
    /// Accepted by both, and both read something else.
    Changed,
    /// Refused by us for that reason, accepted by `sops` or refused for another one.
    Stricter(&'static str),
    Differ(String),
}

fn verdict(
    format: Format,
    changed: &[u8],
    original: &str,
    theirs: Result<Answer, Refusal>,
) -> Verdict {
    // The oracle has one code for all that cannot be read; cross tests compare these with the
    // command.
    let of_oracle = |error: &Error| match error {
        Error::EncryptedSyntax(_) | Error::Metadata(_) => 2,
        error => i32::from(error.exit_code()),
    };
    match (decrypt(format, changed), theirs) {
        (Err(ours), Err(theirs)) if of_oracle(&ours) == theirs.code => Verdict::Refused,
        (Err(ours), theirs) => {
            let ours = ours.to_string();
            let part = STRICTER.into_iter().find(|part| ours.contains(part));
            part.map_or_else(
                || Verdict::Differ(format!("{ours}, {theirs:?}")),
                Verdict::Stricter,
            )
        }
        (Ok(ours), Ok(theirs)) if values(&ours) != values(&theirs.tree) => {
            Verdict::Differ("other values".to_owned())
        }
        (Ok(ours), Ok(_)) if ours == original => Verdict::Same,
        (Ok(_), Ok(_)) => Verdict::Changed,
        (Ok(_), Err(theirs)) => Verdict::Differ(format!("they refuse: {}", theirs.message)),
    }
}

fn decrypt(format: Format, bytes: &[u8]) -> Result<String, Error> {
    let key = DataKey::from_bytes(&DATA_KEY).expect("it has the right length");
    let file = EncryptedFile::parse(format, bytes)?.decrypt(&key, DecryptOptions::default())?;
    Ok(dump(&file.document.branches))
}

/// Which of the blind spots a byte is in, by the line it stands in.
fn blind_spot(file: &[u8], at: usize, encryption: Encryption<'_>) -> Option<&'static str> {
    let before = file[..at].iter().rposition(|byte| *byte == b'\n');
    let start = before.map_or(0, |before| before + 1);
    let end = file[at..].iter().position(|byte| *byte == b'\n');
    let line = shown(&file[start..end.map_or(file.len(), |end| at + end)]);
    let at = at - start;
    let value = line.find([':', '=']).unwrap_or(0);
    let comment = line.find(['#', ';']);
    let [comment_spot, key, clear, kind] = BLIND_SPOTS;
    if comment.is_some_and(|start| at >= start) || line.contains("type:comment") {
        return Some(comment_spot);
    }
    match line.find(",type:") {
        Some(tag) if at > tag => Some(kind),
        Some(_) => None,
        None if at <= value => Some(key),
        None => encryption.mac_only_encrypted.then_some(clear),
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
