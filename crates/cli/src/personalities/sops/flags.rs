//! Arguments the way `sops` reads them: Go's `flag` syntax, defaults from the environment, and in
//! subcommands known flags may stand after other arguments.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use nixseal_base::env::{Environment, Variable};

use crate::personalities::go_flags::{self, FlagError, Given, Takes};
use crate::personalities::go_text::quoted;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A switch, off unless given.
    Switch,
    /// A switch, on unless switched off.
    SwitchOn,
    /// A text or path; empty means not given.
    Text,
    /// A whole number.
    Number,
    /// Texts; may be repeated.
    Texts,
}

/// A flag of a command.
#[derive(Debug)]
pub(super) struct Flag {
    /// Its names; the first is the one it is looked up by.
    pub(super) names: &'static [&'static str],
    /// What it takes.
    pub(super) kind: Kind,
    /// Where its default comes from.
    pub(super) variable: Option<&'static Variable>,
    /// One line of help.
    pub(super) help: &'static str,
}

impl Flag {
    /// A switch.
    pub(super) const fn switch(names: &'static [&'static str], help: &'static str) -> Self {
        Self::of(names, Kind::Switch, help)
    }

    /// A flag with a text.
    pub(super) const fn text(names: &'static [&'static str], help: &'static str) -> Self {
        Self::of(names, Kind::Text, help)
    }

    /// A flag of any kind.
    pub(super) const fn of(names: &'static [&'static str], kind: Kind, help: &'static str) -> Self {
        Self {
            names,
            kind,
            variable: None,
            help,
        }
    }

    /// The same flag with a default from the environment.
    pub(super) const fn or(mut self, variable: &'static Variable) -> Self {
        self.variable = Some(variable);
        self
    }

    /// The name it is looked up by.
    pub(super) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// Whether it is a switch.
    pub(super) fn is_switch(&self) -> bool {
        matches!(self.kind, Kind::Switch | Kind::SwitchOn)
    }
}

/// The flags of a command, in the order of its help.
pub(super) type Table = &'static [&'static Flag];

/// Flags as given on the command line or by the environment.
#[derive(Debug, Default)]
pub(super) struct Flags {
    values: BTreeMap<&'static str, Vec<OsString>>,
    switches: BTreeMap<&'static str, bool>,
    typed: BTreeSet<&'static str>,
}

impl Flags {
    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.switches.get(name).copied().unwrap_or(false)
    }

    /// The text of a flag; empty where it is not given.
    pub(super) fn text(&self, name: &str) -> Cow<'_, str> {
        self.raw(name).to_string_lossy()
    }

    /// The path of a flag.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.raw(name))
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }

    /// The number of a flag; 0 where it is not given.
    pub(super) fn number(&self, name: &str) -> i64 {
        integer(self.raw(name).as_bytes()).unwrap_or(0)
    }

    /// All texts of a flag that may be repeated.
    pub(super) fn texts(&self, name: &str) -> Vec<Cow<'_, str>> {
        let values = self.values.get(name).map(Vec::as_slice).unwrap_or_default();
        values.iter().map(|value| value.to_string_lossy()).collect()
    }

    /// Whether a flag was given on the command line.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.typed.contains(name)
    }

    fn raw(&self, name: &str) -> &OsStr {
        let last = self.values.get(name).and_then(|values| values.last());
        last.map(OsString::as_os_str).unwrap_or_default()
    }
}

/// Why a command line was not understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is wrong itself: shown with the usage.
    Usage(String),
    /// A variable of the environment is.
    Environment(String),
}

/// A command line taken apart.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The flags.
    pub(super) flags: Flags,
    /// Everything else.
    pub(super) arguments: Vec<OsString>,
}

/// Reads `words` by a table of flags; with `reorder` as subcommands do.
pub(super) fn parse(
    table: &[&'static Flag],
    words: &[OsString],
    environment: &Environment,
    reorder: bool,
) -> Result<Parsed, Wrong> {
    let mut flags = defaults(table, environment)?;
    let words = if reorder {
        reordered(table, words)
    } else {
        words.to_vec()
    };
    let mut known = Vec::new();
    for (index, flag) in table.iter().enumerate() {
        let takes = if flag.is_switch() {
            Takes::Nothing
        } else {
            Takes::Value
        };
        known.extend(flag.names.iter().map(|name| (*name, takes, (index, *name))));
    }
    let parsed = go_flags::parse(&known, &words).map_err(|error| match error {
        FlagError::Wrong(message) => Wrong::Usage(message),
        FlagError::Help => Wrong::Usage("flag: help requested".to_owned()),
    })?;
    let mut spelled: BTreeMap<usize, &str> = BTreeMap::new();
    for ((index, name), given) in parsed.flags {
        let Some(flag) = table.get(index) else {
            continue;
        };
        note(&mut flags, flag, name, given)?;
        match spelled.insert(index, name) {
            Some(other) if other != name => {
                let rank = |name: &str| flag.names.iter().position(|known| *known == name);
                let (first, second) = if rank(other) < rank(name) {
                    (other, name)
                } else {
                    (name, other)
                };
                return Err(Wrong::Usage(format!(
                    "Cannot use two forms of the same flag: {second} {first}"
                )));
            }
            _ => {}
        }
    }
    let arguments = parsed.rest.to_vec();
    Ok(Parsed { flags, arguments })
}

fn note(flags: &mut Flags, flag: &Flag, name: &str, given: Given<'_>) -> Result<(), Wrong> {
    let first = flags.typed.insert(flag.name());
    match given {
        Given::Switch(on) => {
            flags.switches.insert(flag.name(), on);
        }
        Given::Value(value) => {
            if flag.kind == Kind::Number && integer(value.as_bytes()).is_none() {
                let value = quoted(value.as_bytes());
                return Err(Wrong::Usage(format!(
                    "invalid value {value} for flag -{name}: parse error"
                )));
            }
            let values = flags.values.entry(flag.name()).or_default();
            if flag.kind != Kind::Texts || first {
                values.clear();
            }
            values.push(value.to_owned());
        }
    }
    Ok(())
}

fn defaults(table: &[&'static Flag], environment: &Environment) -> Result<Flags, Wrong> {
    let mut flags = Flags::default();
    for flag in table {
        let name = flag.name();
        if flag.is_switch() {
            flags.switches.insert(name, flag.kind == Kind::SwitchOn);
        }
        let Some(value) = flag.variable.and_then(|variable| environment.raw(variable)) else {
            continue;
        };
        match flag.kind {
            Kind::Switch | Kind::SwitchOn => {
                flags.switches.insert(name, boolean(name, value)?);
            }
            Kind::Texts => {
                let parts = value.as_bytes().split(|byte| *byte == b',');
                let parts = parts.map(|part| OsStr::from_bytes(part.trim_ascii()).to_owned());
                flags.values.insert(name, parts.collect());
            }
            Kind::Text | Kind::Number => {
                flags.values.insert(name, vec![value.to_owned()]);
            }
        }
    }
    Ok(flags)
}

fn boolean(name: &str, value: &OsStr) -> Result<bool, Wrong> {
    if value.is_empty() {
        return Ok(false);
    }
    go_flags::boolean(value.as_bytes()).ok_or_else(|| {
        let shown = value.to_string_lossy();
        let quoted = quoted(value.as_bytes());
        Wrong::Environment(format!(
            "could not parse {shown} as bool value for flag {name}: \
             strconv.ParseBool: parsing {quoted}: invalid syntax"
        ))
    })
}

/// A whole number as Go's `flag` takes it.
fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        _ => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (lower.get(2..)?, 16),
        [b'0', b'o', ..] => (lower.get(2..)?, 8),
        [b'0', b'b', ..] => (lower.get(2..)?, 2),
        [b'0', _, ..] => (lower.get(1..)?, 8),
        _ => (lower.as_str(), 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// Moves known flags before the other arguments. As in the original, a word after a flag without
/// `=` goes with it, even where the flag is a switch: what follows is then no flag any more.
fn reordered(table: &[&'static Flag], words: &[OsString]) -> Vec<OsString> {
    let (mut flags, mut others) = (Vec::new(), Vec::new());
    let mut value_may_follow = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let is_flag = is_known(table, word.as_bytes());
        if value_may_follow && !is_flag {
            value_may_follow = false;
            flags.push(word.clone());
        } else if word == "--" {
            others.insert(0, word.clone());
            others.extend(words.cloned());
            break;
        } else if is_flag {
            value_may_follow = !word.as_bytes().contains(&b'=');
            flags.push(word.clone());
        } else {
            others.push(word.clone());
        }
    }
    flags.extend(others);
    flags
}

fn is_known(table: &[&'static Flag], word: &[u8]) -> bool {
    let name = match word {
        b"-" | b"--" => return false,
        [b'-', b'-', name @ ..] | [b'-', name @ ..] => name,
        _ => return false,
    };
    let name = name.split(|byte| *byte == b'=').next().unwrap_or_default();
    let mut names = table.iter().flat_map(|flag| flag.names);
    names.any(|known| known.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use nixseal_base::env::SOPS_DECRYPTION_ORDER;

    use super::*;

    const IN_PLACE: Flag = Flag::switch(&["in-place", "i"], "");
    const OUTPUT: Flag = Flag::text(&["output"], "");
    const INDENT: Flag = Flag::of(&["indent"], Kind::Number, "");
    const LOCAL: Flag = Flag::of(&["local"], Kind::SwitchOn, "").or(&SOPS_DECRYPTION_ORDER);
    const TABLE: Table = &[&IN_PLACE, &OUTPUT, &INDENT, &LOCAL];

    fn shown(line: &str, environment: &Environment) -> String {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match parse(TABLE, &words, environment, true) {
            Err(Wrong::Usage(message)) => format!("usage: {message}"),
            Err(Wrong::Environment(message)) => format!("environment: {message}"),
            Ok(Parsed { flags, arguments }) => format!(
                "{} {} {} {} {arguments:?}",
                flags.is_on("in-place"),
                flags.text("output"),
                flags.number("indent"),
                flags.is_on("local")
            ),
        }
    }

    #[test]
    fn flags_may_follow_arguments() {
        let none = Environment::default();
        for (line, expected) in [
            ("f --output o", r#"false o 0 true ["f"]"#),
            ("f -i", r#"true  0 true ["f"]"#),
            ("-i f --output o", r#"true  0 true ["f", "--output", "o"]"#),
            ("-i=true f --output=o", r#"true o 0 true ["f"]"#),
            ("f -- --output o", r#"false  0 true ["f", "--output", "o"]"#),
            ("f -5 --indent -5", r#"false  -5 true ["f", "-5"]"#),
            ("f --indent=-0x10", r#"false  -16 true ["f"]"#),
            ("f --local=false", r#"false  0 false ["f"]"#),
            (
                "--indent x f",
                "usage: invalid value \"x\" for flag -indent: parse error",
            ),
            (
                "-i --in-place f",
                "usage: Cannot use two forms of the same flag: i in-place",
            ),
        ] {
            assert_eq!(shown(line, &none), expected, "{line}");
        }
    }

    #[test]
    fn the_environment_gives_defaults() {
        let with = |value: &str| Environment::default().with(&SOPS_DECRYPTION_ORDER, value);
        assert_eq!(shown("", &with("0")), "false  0 false []");
        assert_eq!(shown("", &with("")), "false  0 false []");
        assert_eq!(shown("--local", &with("0")), "false  0 true []");
        assert!(shown("", &with("x")).starts_with("environment: could not parse x as bool"));
    }
}
