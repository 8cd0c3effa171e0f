//! Arguments the way Go's `flag` package reads them, which `age`, `age-keygen`
//! and `ssh-to-age` do: one dash or two, `-name=value` or `-name value`, no
//! bundled letters, and no flags after the first other argument.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::go_text::quoted;
use crate::ui::Ui;

/// Whether a flag has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A switch: `-a`, `-a=false`.
    Nothing,
    /// `-o FILE`, `-o=FILE`.
    Value,
}

/// One name of a flag, what it takes and what it stands for.
pub(super) type Flag<K> = (&'static str, Takes, K);

/// A flag as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given<'a> {
    /// A switch, on or off.
    Switch(bool),
    /// The value of any other flag.
    Value(&'a OsStr),
}

/// The flags in the order they were given, and what stands after them.
#[derive(Debug)]
pub(super) struct Parsed<'a, K> {
    /// Each flag with what was given.
    pub(super) flags: Vec<(K, Given<'a>)>,
    /// The other arguments.
    pub(super) rest: &'a [OsString],
}

/// Why a command line was not understood, in the words of Go's `flag`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FlagError {
    /// `-h` or `-help`: not an error, the usage is wanted.
    Help,
    /// Anything wrong.
    Wrong(String),
}

impl FlagError {
    /// Prints what is wrong and the usage; gives the exit code.
    pub(super) fn tell(&self, ui: &Ui, usage: &str) -> u8 {
        let code = match self {
            Self::Help => 0,
            Self::Wrong(message) => {
                ui.say(message);
                2
            }
        };
        ui.say(usage);
        code
    }
}

/// Reads `arguments` by the table `flags`.
pub(super) fn parse<'a, K: Copy>(
    flags: &[Flag<K>],
    arguments: &'a [OsString],
) -> Result<Parsed<'a, K>, FlagError> {
    let mut given = Vec::new();
    let mut rest = arguments;
    while let Some((first, others)) = rest.split_first() {
        let name = match kind_of(first)? {
            Argument::Flag(name) => name,
            Argument::End => {
                rest = others;
                break;
            }
            Argument::Other => break,
        };
        rest = others;
        let (name, value) = split_value(name);
        let Some((_, takes, key)) = flags.iter().find(|(known, ..)| name == known.as_bytes())
        else {
            return Err(unknown(name));
        };
        let shown = String::from_utf8_lossy(name);
        let found = match (takes, value) {
            (Takes::Nothing, None) => Given::Switch(true),
            (Takes::Nothing, Some(value)) => Given::Switch(boolean(value).ok_or_else(|| {
                let value = quoted(value);
                wrong(format!(
                    "invalid boolean value {value} for -{shown}: parse error"
                ))
            })?),
            (Takes::Value, Some(value)) => Given::Value(OsStr::from_bytes(value)),
            (Takes::Value, None) => {
                let Some((value, others)) = rest.split_first() else {
                    return Err(wrong(format!("flag needs an argument: -{shown}")));
                };
                rest = others;
                Given::Value(value)
            }
        };
        given.push((*key, found));
    }
    Ok(Parsed { flags: given, rest })
}

/// What one argument is.
enum Argument<'a> {
    /// A flag: its name, perhaps with a value.
    Flag(&'a [u8]),
    /// `--`, which ends the flags.
    End,
    /// Anything else, which ends them too and is kept.
    Other,
}

fn kind_of(argument: &OsStr) -> Result<Argument<'_>, FlagError> {
    let name = match argument.as_bytes() {
        b"--" => return Ok(Argument::End),
        [b'-', b'-', name @ ..] => name,
        [b'-', name @ ..] if !name.is_empty() => name,
        _ => return Ok(Argument::Other),
    };
    match name.first() {
        None | Some(b'-' | b'=') => {
            let argument = argument.to_string_lossy();
            Err(wrong(format!("bad flag syntax: {argument}")))
        }
        Some(_) => Ok(Argument::Flag(name)),
    }
}

fn split_value(name: &[u8]) -> (&[u8], Option<&[u8]>) {
    match name.iter().position(|byte| *byte == b'=') {
        Some(at) => {
            let (name, value) = name.split_at(at);
            (name, value.get(1..))
        }
        None => (name, None),
    }
}

fn unknown(name: &[u8]) -> FlagError {
    if matches!(name, b"h" | b"help") {
        return FlagError::Help;
    }
    let name = String::from_utf8_lossy(name);
    wrong(format!("flag provided but not defined: -{name}"))
}

fn wrong(message: String) -> FlagError {
    FlagError::Wrong(message)
}

/// The values that Go's `strconv.ParseBool` takes.
pub(super) fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Some(true),
        b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: [Flag<char>; 4] = [
        ("a", Takes::Nothing, 'a'),
        ("armor", Takes::Nothing, 'a'),
        ("o", Takes::Value, 'o'),
        ("output", Takes::Value, 'o'),
    ];

    fn parsed(line: &str) -> Result<(String, Vec<String>), String> {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let parsed = parse(&FLAGS, &arguments).map_err(|error| match error {
            FlagError::Help => "help".to_owned(),
            FlagError::Wrong(message) => message,
        })?;
        let flags = parsed.flags.iter().map(|(key, given)| match given {
            Given::Switch(on) => format!("{key}={on} "),
            Given::Value(value) => format!("{key}={} ", value.display()),
        });
        let rest = parsed.rest.iter().map(|rest| rest.display().to_string());
        Ok((flags.collect::<String>().trim().to_owned(), rest.collect()))
    }

    #[track_caller]
    fn gives(line: &str, flags: &str, rest: &[&str]) {
        let rest = rest.iter().map(|&text| text.to_owned()).collect();
        assert_eq!(parsed(line), Ok((flags.to_owned(), rest)), "{line}");
    }

    #[test]
    fn dashes_values_and_the_rest() {
        gives("", "", &[]);
        gives("-a --a -armor --armor", "a=true a=true a=true a=true", &[]);
        gives("-o x -output=y --o= --output z", "o=x o=y o= o=z", &[]);
        gives("-o -a x", "o=-a", &["x"]);
        gives("-o=a=b", "o=a=b", &[]);
        gives("-a in -o out", "a=true", &["in", "-o", "out"]);
        gives("-a - -o out", "a=true", &["-", "-o", "out"]);
        gives("-a -- -o out", "a=true", &["-o", "out"]);
        gives("-a=false -a=T -a=0", "a=false a=true a=false", &[]);
    }

    #[test]
    fn what_is_wrong_is_told_as_go_tells_it() {
        for (line, message) in [
            ("-x", "flag provided but not defined: -x"),
            ("--bogus=1", "flag provided but not defined: -bogus"),
            ("-ao x", "flag provided but not defined: -ao"),
            ("-o", "flag needs an argument: -o"),
            (
                "-a=maybe",
                "invalid boolean value \"maybe\" for -a: parse error",
            ),
            ("-=x", "bad flag syntax: -=x"),
            ("---a", "bad flag syntax: ---a"),
            ("--=", "bad flag syntax: --="),
            ("-h", "help"),
            ("--help", "help"),
        ] {
            assert_eq!(parsed(line), Err(message.to_owned()), "{line}");
        }
    }

    #[test]
    fn arguments_need_not_be_text() {
        let arguments = [OsString::from("-o"), OsStr::from_bytes(b"\xff").to_owned()];
        let parsed = parse(&FLAGS, &arguments).unwrap();
        assert_eq!(
            parsed.flags,
            [('o', Given::Value(OsStr::from_bytes(b"\xff")))]
        );
        let arguments = [OsStr::from_bytes(b"-\xff=\xff").to_owned()];
        assert!(parse(&FLAGS, &arguments).is_err());
    }
}
