//! The command line of `age`: as typed, checked, as needed.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::complaint::Complaint;
use crate::personalities::go_flags::{Flag, Given, Parsed, Takes};
use crate::personalities::go_text::quoted;

/// What a flag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Armor,
    Decrypt,
    Encrypt,
    Identity,
    Output,
    Passphrase,
    Plugin,
    Recipient,
    RecipientsFile,
    Version,
}

/// Every flag of `age` 1.3.
pub(super) const FLAGS: [Flag<Name>; 18] = [
    ("version", Takes::Nothing, Name::Version),
    ("d", Takes::Nothing, Name::Decrypt),
    ("decrypt", Takes::Nothing, Name::Decrypt),
    ("e", Takes::Nothing, Name::Encrypt),
    ("encrypt", Takes::Nothing, Name::Encrypt),
    ("p", Takes::Nothing, Name::Passphrase),
    ("passphrase", Takes::Nothing, Name::Passphrase),
    ("o", Takes::Value, Name::Output),
    ("output", Takes::Value, Name::Output),
    ("a", Takes::Nothing, Name::Armor),
    ("armor", Takes::Nothing, Name::Armor),
    ("r", Takes::Value, Name::Recipient),
    ("recipient", Takes::Value, Name::Recipient),
    ("R", Takes::Value, Name::RecipientsFile),
    ("recipients-file", Takes::Value, Name::RecipientsFile),
    ("i", Takes::Value, Name::Identity),
    ("identity", Takes::Value, Name::Identity),
    ("j", Takes::Value, Name::Plugin),
];

/// The command line as it was typed; of a flag given twice, the last counts.
#[derive(Default)]
pub(super) struct Typed<'a> {
    pub(super) version: bool,
    decrypt: bool,
    encrypt: bool,
    passphrase: bool,
    armor: bool,
    output: Option<&'a OsStr>,
    recipients: Vec<&'a OsStr>,
    recipients_files: Vec<&'a Path>,
    keys: Vec<Key<'a>>,
    rest: &'a [OsString],
}

/// Where identities come from, in the order of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// `-i PATH`.
    File(&'a Path),
    /// `-j NAME`, a plugin without data.
    Plugin(&'a OsStr),
}

impl Key<'_> {
    /// The word of the command line.
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::File(path) => path.as_os_str().as_bytes(),
            Self::Plugin(name) => name.as_bytes(),
        }
    }
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Work<'a> {
    Encrypt {
        recipients: Vec<&'a OsStr>,
        files: Vec<&'a Path>,
        keys: Vec<Key<'a>>,
    },
    EncryptWithPassphrase,
    Decrypt(Vec<Key<'a>>),
    DecryptWithPassphrase,
}

impl Work<'_> {
    pub(super) fn is_decryption(&self) -> bool {
        matches!(self, Self::Decrypt(_) | Self::DecryptWithPassphrase)
    }
}

/// Where the result goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Destination<'a> {
    /// Standard output, as long as nothing speaks against it.
    Default,
    /// `-o -`: standard output at any rate.
    Forced,
    /// `-o PATH`.
    File(&'a Path),
}

/// The command line as it is needed.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) work: Work<'a>,
    pub(super) armor: bool,
    /// `None` for standard input.
    pub(super) input: Option<&'a Path>,
    pub(super) output: Destination<'a>,
}

impl<'a> Typed<'a> {
    /// Sorts what was parsed with [`FLAGS`].
    pub(super) fn new(parsed: Parsed<'a, Name>) -> Self {
        let mut typed = Self {
            rest: parsed.rest,
            ..Self::default()
        };
        for (name, given) in parsed.flags {
            match given {
                Given::Switch(on) => match name {
                    Name::Armor => typed.armor = on,
                    Name::Decrypt => typed.decrypt = on,
                    Name::Encrypt => typed.encrypt = on,
                    Name::Passphrase => typed.passphrase = on,
                    Name::Version => typed.version = on,
                    _ => {}
                },
                Given::Value(value) => match name {
                    Name::Identity => typed.keys.push(Key::File(Path::new(value))),
                    Name::Output => typed.output = Some(value),
                    Name::Plugin => typed.keys.push(Key::Plugin(value)),
                    Name::Recipient => typed.recipients.push(value),
                    Name::RecipientsFile => typed.recipients_files.push(Path::new(value)),
                    _ => {}
                },
            }
        }
        typed
    }

    /// Complains about what does not go together, as `age` does and in its order.
    ///
    /// `arguments` is the whole command line, for advice on it.
    pub(super) fn check(&self, arguments: &[OsString]) -> Result<(), Complaint> {
        if self.rest.len() > 1 {
            return Err(self.too_many(arguments));
        }
        if self.decrypt {
            self.check_decryption()
        } else {
            self.check_encryption()
        }
    }

    fn too_many(&self, arguments: &[OsString]) -> Complaint {
        let words: Vec<String> = self.rest.iter().map(|word| shown(word)).collect();
        let complaint = Complaint::new(format!("too many INPUT arguments: {}", words.join(" ")));
        let moved = match self.rest {
            [input, second, ..] if second.as_bytes().starts_with(b"-") => input,
            _ => return complaint.hint("only a single input file may be specified at a time"),
        };
        let complaint = complaint.hint("the input file must be specified after all flags");
        if !arguments.iter().all(|argument| is_plain(argument)) {
            return complaint;
        }
        let at = arguments.len() - self.rest.len();
        let mut words: Vec<_> = arguments
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        words.remove(at);
        words.push(moved.to_string_lossy());
        complaint
            .hint("did you mean:")
            .hint(format!("    age {}", words.join(" ")))
    }

    fn check_decryption(&self) -> Result<(), Complaint> {
        let not_with =
            |flag: &str| Complaint::new(format!("{flag} can't be used with -d/--decrypt"));
        let key = "did you mean to use -i/--identity to specify a private key?";
        if self.encrypt {
            Err(not_with("-e/--encrypt"))
        } else if self.armor {
            Err(not_with("-a/--armor").hint(
                "note that armored files are detected automatically, try again without -a/--armor",
            ))
        } else if self.passphrase {
            Err(not_with("-p/--passphrase")
                .hint("note that password protected files are detected automatically"))
        } else if !self.recipients.is_empty() {
            Err(not_with("-r/--recipient").hint(key))
        } else if !self.recipients_files.is_empty() {
            Err(not_with("-R/--recipients-file").hint(key))
        } else {
            Ok(())
        }
    }

    fn check_encryption(&self) -> Result<(), Complaint> {
        let not_with =
            |flag: &str| Complaint::new(format!("-p/--passphrase can't be combined with {flag}"));
        let keyless = self.recipients.is_empty() && self.recipients_files.is_empty();
        if !self.keys.is_empty() && !self.encrypt {
            let message = "-i/--identity and -j can't be used in encryption mode unless \
                symmetric encryption is explicitly selected with -e/--encrypt";
            Err(Complaint::new(message).hint("did you forget to specify -d/--decrypt?"))
        } else if keyless && self.keys.is_empty() && !self.passphrase {
            Err(Complaint::new("missing recipients").hint(
                "did you forget to specify -r/--recipient, -R/--recipients-file \
                 or -p/--passphrase?",
            ))
        } else if !self.passphrase {
            Ok(())
        } else if !self.recipients.is_empty() {
            Err(not_with("-r/--recipient"))
        } else if !self.recipients_files.is_empty() {
            Err(not_with("-R/--recipients-file"))
        } else if !self.keys.is_empty() {
            Err(not_with("-i/--identity and -j"))
        } else {
            Ok(())
        }
    }

    /// What was given more than once, for warnings.
    pub(super) fn duplicates(&self) -> Vec<String> {
        let identities = self.identity_files().map(Path::as_os_str);
        let files = self.recipients_files.iter().map(|path| path.as_os_str());
        let mut found = duplicates("recipient", self.recipients.iter().copied());
        found.extend(duplicates("recipients file", files));
        found.extend(duplicates("identity file", identities));
        found
    }

    fn identity_files(&self) -> impl Iterator<Item = &'a Path> {
        self.keys.iter().filter_map(|key| match key {
            Key::File(path) => Some(*path),
            Key::Plugin(_) => None,
        })
    }

    /// The path given as INPUT, `None` for standard input.
    pub(super) fn input(&self) -> Option<&'a Path> {
        self.rest
            .first()
            .filter(|path| is_path(path))
            .map(Path::new)
    }

    /// Complains when the output is one of the files that are read. Paths are
    /// compared as written, made absolute in the folder `here`.
    pub(super) fn check_output(&self, here: &Path) -> Result<(), Complaint> {
        let Destination::File(output) = self.destination() else {
            return Ok(());
        };
        let mut read = self
            .identity_files()
            .chain(self.recipients_files.iter().copied())
            .chain(self.input());
        let place = absolute(here, output);
        if read.any(|path| absolute(here, path) == place) {
            let output = quoted(output.as_os_str().as_bytes());
            return Err(Complaint::new(format!(
                "input and output file are the same: {output}"
            )));
        }
        Ok(())
    }

    fn destination(&self) -> Destination<'a> {
        match self.output {
            Some(path) if is_path(path) => Destination::File(Path::new(path)),
            Some(path) if path == "-" => Destination::Forced,
            _ => Destination::Default,
        }
    }

    /// What is to be done, after all checks.
    pub(super) fn into_job(self) -> Job<'a> {
        let (armor, input, output) = (self.armor, self.input(), self.destination());
        let work = match (self.decrypt, self.passphrase) {
            (true, _) if self.keys.is_empty() => Work::DecryptWithPassphrase,
            (true, _) => Work::Decrypt(self.keys),
            (false, true) => Work::EncryptWithPassphrase,
            (false, false) => Work::Encrypt {
                recipients: self.recipients,
                files: self.recipients_files,
                keys: self.keys,
            },
        };
        Job {
            work,
            armor,
            input,
            output,
        }
    }
}

fn is_path(word: &OsStr) -> bool {
    !word.is_empty() && word != "-"
}

/// Whether a shell takes the word as it stands; nothing that may be repeated otherwise.
fn is_plain(word: &OsStr) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(byte);
    word.as_bytes().iter().all(plain) && !is_private(word)
}

/// A word of the command line in quotes, unless somebody took a private key
/// for a public one.
fn shown(word: &OsStr) -> String {
    if is_private(word) {
        return "\"AGE-...\" (a private key)".to_owned();
    }
    quoted(word.as_bytes())
}

fn is_private(word: &OsStr) -> bool {
    let word = word.as_bytes().trim_ascii().to_ascii_uppercase();
    let has = |mark: &[u8]| word.windows(mark.len()).any(|window| window == mark);
    has(b"AGE-SECRET-KEY-") || has(b"AGE-PLUGIN-")
}

fn duplicates<'a>(what: &str, words: impl Iterator<Item = &'a OsStr>) -> Vec<String> {
    let (mut seen, mut told) = (BTreeSet::new(), BTreeSet::new());
    words
        .filter(|word| !seen.insert(*word) && told.insert(*word))
        .map(|word| format!("duplicate {what} {}", shown(word)))
        .collect()
}

/// `path` from the root, without `.` and `..`, as far as names tell.
fn absolute(here: &Path, path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in here.join(path).components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personalities::go_flags::parse;

    /// The complaint about a command line, with its hints.
    fn complaint(line: &str) -> Vec<String> {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let typed = Typed::new(parse(&FLAGS, &arguments).unwrap());
        let checked = typed
            .check(&arguments)
            .and_then(|()| typed.check_output(Path::new("/x")));
        checked.map_or_else(|complaint| complaint.lines(), |()| Vec::new())
    }

    #[test]
    fn advice_on_misplaced_flags() {
        let hints = complaint("-r x in -o out");
        assert_eq!(
            hints[0],
            "error: too many INPUT arguments: \"in\" \"-o\" \"out\""
        );
        assert_eq!(hints[3], "hint:     age -r x -o out in");
        assert_eq!(complaint("-r x$ in -o out").len(), 2);
    }

    #[test]
    fn private_keys_are_not_repeated() {
        for line in [
            "-r AGE-SECRET-KEY-1X -r AGE-SECRET-KEY-1X",
            "-r x a age-secret-key-1X",
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let typed = Typed::new(parse(&FLAGS, &arguments).unwrap());
            let text = [complaint(line), typed.duplicates()].concat().join("\n");
            assert!(
                text.contains("(a private key)") && !text.contains("1X"),
                "{text}"
            );
        }
        let advice = complaint("-r AGE-SECRET-KEY-1X in -o out").join("\n");
        assert!(!advice.contains("1X"), "{advice}");
    }

    #[test]
    fn the_output_may_not_be_read() {
        for same in ["in", "./in", "../x/in", "/x/y/../in", "/../x/in"] {
            assert_eq!(complaint(&format!("-r x -o {same} in")).len(), 1, "{same}");
            assert_eq!(complaint(&format!("-R in -o {same}")).len(), 1, "{same}");
            assert_eq!(complaint(&format!("-d -i in -o {same}")).len(), 1, "{same}");
        }
        assert!(complaint("-r x -o in y/in").is_empty());
        assert!(complaint("-r x -o - -").is_empty());
    }

    #[test]
    fn duplicates_are_told_once() {
        let arguments = [
            "-r", "a", "-r", "b", "-r", "a", "-r", "a", "-j", "a", "-i", "a",
        ];
        let arguments = arguments.map(OsString::from);
        let typed = Typed::new(parse(&FLAGS, &arguments).unwrap());
        assert_eq!(typed.duplicates(), ["duplicate recipient \"a\""]);
    }
}
