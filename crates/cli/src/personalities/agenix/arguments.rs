//! agenix's own way of reading its command line.
//!
//! Words are taken from left to right, each option is a word of its own, and
//! the first word that makes no sense shows the help. There is one FILE: the
//! last of `-e` and `-d` names it, while the order of importance of what to do
//! is `-r`, `-d`, `-e` (agenix 0.15). Added here: `--rules`, `--refuse-empty`
//! and files after `-r`, all of which the original refuses.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    /// Show the help; `asked` tells whether by `-h`, which is no error.
    Help { asked: bool },
    /// An option has no value: the message, which agenix gives on standard output.
    Incomplete(&'static str),
    /// Do something.
    Request(Request),
}

/// A complete command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) action: Action,
    /// `-i`, in order.
    pub(super) identities: Vec<PathBuf>,
    /// `--rules`.
    pub(super) rules: Option<PathBuf>,
    /// `--refuse-empty`.
    pub(super) refuse_empty: bool,
    /// `-v`.
    pub(super) verbose: bool,
}

/// What to do, and with which files as typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    Edit(OsString),
    Decrypt(OsString),
    /// Without files: all of the rules.
    Rekey(Vec<OsString>),
}

impl Default for Action {
    fn default() -> Self {
        Self::Rekey(Vec::new())
    }
}

const NO_FILE: &str = "no FILE specified";
const NO_PRIVATE_KEY: &str = "no PRIVATE_KEY specified";
const NO_RULES: &str = "no RULES specified";

/// Reads the words after the program's name.
pub(super) fn parse(words: &[OsString]) -> Arguments {
    let mut request = Request::default();
    let mut file: Option<&OsStr> = None;
    let (mut rekey, mut decrypt) = (false, false);
    let mut only = Vec::new();
    let mut words = words.iter().map(OsString::as_os_str);
    if words.len() == 0 {
        return Arguments::Help { asked: false };
    }
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("-h" | "--help") => return Arguments::Help { asked: true },
            Some("-v" | "--verbose") => request.verbose = true,
            Some("-r" | "--rekey") => rekey = true,
            Some("--refuse-empty") => request.refuse_empty = true,
            Some(option @ ("-e" | "--edit" | "-d" | "--decrypt")) => {
                decrypt |= matches!(option, "-d" | "--decrypt");
                match words.next() {
                    Some(value) => file = Some(value),
                    None => return Arguments::Incomplete(NO_FILE),
                }
            }
            Some("-i" | "--identity") => match words.next() {
                Some(value) => request.identities.push(value.into()),
                None => return Arguments::Incomplete(NO_PRIVATE_KEY),
            },
            Some("--rules") => match words.next() {
                Some(value) => request.rules = Some(value.into()),
                None => return Arguments::Incomplete(NO_RULES),
            },
            // A file after `-r`; no option of tomorrow is taken for one.
            _ if rekey && !word.as_encoded_bytes().starts_with(b"-") => only.push(word.to_owned()),
            _ => return Arguments::Help { asked: false },
        }
    }
    request.action = match (rekey, decrypt, file) {
        (true, _, _) => Action::Rekey(only),
        (false, true, Some(file)) => Action::Decrypt(file.to_owned()),
        (false, false, Some(file)) => Action::Edit(file.to_owned()),
        (false, _, None) => return Arguments::Incomplete(NO_FILE),
    };
    Arguments::Request(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Arguments {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        parse(&words)
    }

    fn action(line: &str) -> Action {
        match parsed(line) {
            Arguments::Request(request) => request.action,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn help_is_an_error_unless_asked_for() {
        assert_eq!(parsed("-h"), Arguments::Help { asked: true });
        assert_eq!(parsed("-e a --help"), Arguments::Help { asked: true });
        for line in [
            "",
            "word",
            "-x",
            "--edit=a",
            "-ri",
            "--",
            "-e a b",
            "--version",
            "a -r",
        ] {
            assert_eq!(parsed(line), Arguments::Help { asked: false }, "{line}");
        }
    }

    #[test]
    fn values_are_the_next_word_whatever_it_is() {
        assert_eq!(action("-e -h"), Action::Edit("-h".into()));
        assert_eq!(
            action("-d -leading.age"),
            Action::Decrypt("-leading.age".into())
        );
        assert_eq!(parsed("-e"), Arguments::Incomplete("no FILE specified"));
        assert_eq!(
            parsed("-i"),
            Arguments::Incomplete("no PRIVATE_KEY specified")
        );
        assert_eq!(parsed("-i key"), Arguments::Incomplete("no FILE specified"));
        assert_eq!(parsed("-v"), Arguments::Incomplete("no FILE specified"));
    }

    #[test]
    fn rekey_goes_before_decrypt_before_edit_and_the_last_file_wins() {
        assert_eq!(action("-e a -d b"), Action::Decrypt("b".into()));
        assert_eq!(action("-d a -e b"), Action::Decrypt("b".into()));
        assert_eq!(action("-e a -e b"), Action::Edit("b".into()));
        assert_eq!(action("-d a -r"), Action::Rekey(Vec::new()));
    }

    #[test]
    fn files_after_rekey_are_those_to_rekey() {
        assert_eq!(
            action("-r a b"),
            Action::Rekey(vec!["a".into(), "b".into()])
        );
        assert_eq!(
            action("-r a -i k b"),
            Action::Rekey(vec!["a".into(), "b".into()])
        );
        assert_eq!(parsed("-r --force"), Arguments::Help { asked: false });
    }

    #[test]
    fn identities_keep_their_order() {
        let Arguments::Request(request) = parsed("-d f -i a --identity b -i -") else {
            panic!("not a request");
        };
        assert_eq!(request.identities, ["a", "b", "-"].map(PathBuf::from));
    }
}
