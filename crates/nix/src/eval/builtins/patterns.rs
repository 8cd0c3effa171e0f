//! `builtins.match` and `builtins.split`: POSIX extended regular expressions.
//!
//! Patterns are translated to the syntax of the regex engine and run as bytes.
//! A search takes the leftmost longest match, as POSIX wants; groups inside take
//! the first alternative that leads there, as the C++ library behind Nix does.
//! One difference is left: a group that is repeated and can be empty, such as
//! `(a?)*`, tells its last piece here and an empty one there.

use std::collections::HashMap;
use std::rc::Rc;

use regex_automata::nfa::thompson::pikevm::{Cache, PikeVM};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

use crate::eval::fault::{Fault, Result};
use crate::eval::machine::Machine;
use crate::eval::value::{Text, ThunkId, Value};

/// Largest compiled pattern, in bytes.
const SIZE: usize = 4 << 20;

/// Compiled patterns of one evaluation.
#[derive(Default)]
pub(crate) struct Patterns(HashMap<Text, Rc<Pattern>>);

struct Pattern {
    /// Finds where the leftmost match starts.
    first: PikeVM,
    /// Finds the longest match from a start.
    longest: PikeVM,
}

pub(super) fn match_pattern(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let pattern = machine.pattern(args[0])?;
    let text = machine.force_string(args[1])?;
    machine.spend(text.len())?;
    let mut captures = pattern.longest.create_captures();
    let input = Input::new(&*text).anchored(Anchored::Yes);
    pattern
        .longest
        .captures(&mut pattern.longest.create_cache(), input, &mut captures);
    match captures.get_match() {
        Some(found) if found.end() == text.len() => Ok(machine.groups(&text, &captures)),
        _ => Ok(Value::Null),
    }
}

pub(super) fn split(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let pattern = machine.pattern(args[0])?;
    let text = machine.force_string(args[1])?;
    let mut cache = pattern.first.create_cache();
    let mut long_cache = pattern.longest.create_cache();
    let mut captures = pattern.longest.create_captures();
    let (mut parts, mut position, mut search) = (Vec::new(), 0, 0);
    while search <= text.len() {
        let found = pattern.find(&text, search, (&mut cache, &mut long_cache), &mut captures);
        let Some((start, end)) = found else { break };
        machine.spend(1 + end - search)?;
        // An empty match is not taken where the match before ended.
        let before = text.get(position..start).unwrap_or_default();
        parts.push(machine.ready(Value::String(before.into())));
        let groups = machine.groups(&text, &captures);
        parts.push(machine.ready(groups));
        position = end;
        search = if start == end { end + 1 } else { end };
    }
    machine.spend(text.len())?;
    let rest = text.get(position..).unwrap_or_default();
    parts.push(machine.ready(Value::String(rest.into())));
    Ok(Value::List(parts.into()))
}

impl Pattern {
    fn new(pattern: &str) -> std::result::Result<Self, Box<thompson::BuildError>> {
        let build = |kind, captures| {
            PikeVM::builder()
                .syntax(
                    syntax::Config::new()
                        .unicode(false)
                        .utf8(false)
                        .dot_matches_new_line(true),
                )
                .thompson(
                    thompson::Config::new()
                        .utf8(false)
                        .nfa_size_limit(Some(SIZE))
                        .which_captures(captures),
                )
                .configure(PikeVM::config().match_kind(kind))
                .build(pattern)
                .map_err(Box::new)
        };
        let first = build(MatchKind::LeftmostFirst, WhichCaptures::Implicit)?;
        Ok(Self {
            first,
            longest: build(MatchKind::All, WhichCaptures::All)?,
        })
    }

    /// The leftmost longest match at or behind `from`.
    fn find(
        &self,
        text: &[u8],
        from: usize,
        (cache, long_cache): (&mut Cache, &mut Cache),
        captures: &mut Captures,
    ) -> Option<(usize, usize)> {
        let start = self
            .first
            .find(cache, Input::new(text).range(from..))?
            .start();
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        self.longest.captures(long_cache, input, captures);
        captures
            .get_match()
            .map(|found| (found.start(), found.end()))
    }
}

impl Machine<'_> {
    fn pattern(&mut self, id: ThunkId) -> Result<Rc<Pattern>> {
        let text = self.force_string(id)?;
        if let Some(pattern) = self.patterns.0.get(&text) {
            return Ok(Rc::clone(pattern));
        }
        self.spend(text.len() * 16)?;
        let shown = String::from_utf8_lossy(&text).into_owned();
        let invalid = |why: &str| Fault::evaluation(format!("invalid pattern '{shown}': {why}"));
        let translated = translate(&text).map_err(invalid)?;
        let pattern = Pattern::new(&translated).map_err(|error| {
            if error.size_limit().is_some() {
                return Fault::limit(format!("the pattern '{shown}' is too big"));
            }
            invalid("it is not an extended regular expression")
        })?;
        let pattern = Rc::new(pattern);
        self.patterns.0.insert(text, Rc::clone(&pattern));
        Ok(pattern)
    }

    fn groups(&mut self, text: &[u8], captures: &Captures) -> Value {
        let groups = captures.iter().skip(1).map(|group| {
            self.ready(
                match group.and_then(|span| text.get(span.start..span.end)) {
                    Some(part) => Value::String(part.into()),
                    None => Value::Null,
                },
            )
        });
        Value::List(groups.collect())
    }
}

/// The same pattern in the syntax of the engine.
fn translate(pattern: &[u8]) -> std::result::Result<String, &'static str> {
    let mut translation = Translation {
        text: String::new(),
        open: Vec::new(),
        atom: Atom::None,
    };
    let mut rest = pattern;
    while let Some((&byte, after)) = rest.split_first() {
        rest = translation.step(byte, after)?;
    }
    if translation.open.is_empty() {
        Ok(translation.text)
    } else {
        Err("a `(` without `)`")
    }
}

/// What a repetition sign would apply to.
#[derive(Clone, Copy)]
enum Atom {
    None,
    /// Starts there in the translated text.
    Once(usize),
    /// As above, with a repetition sign behind it already.
    Repeated(usize),
}

struct Translation {
    text: String,
    /// Where the open groups start.
    open: Vec<usize>,
    atom: Atom,
}

impl Translation {
    fn step<'t>(
        &mut self,
        byte: u8,
        rest: &'t [u8],
    ) -> std::result::Result<&'t [u8], &'static str> {
        let start = self.text.len();
        match byte {
            b'\\' => {
                let (&next, after) = rest.split_first().ok_or("a backslash at the end")?;
                // The library behind Nix refuses to escape other characters.
                if !b"^$\\.*+?()[{|".contains(&next) {
                    return Err("an unknown escape");
                }
                literal(next, &mut self.text);
                self.atom = Atom::Once(start);
                return Ok(after);
            }
            b'[' => {
                let after = bracket(rest, &mut self.text)?;
                self.atom = Atom::Once(start);
                return Ok(after);
            }
            b'(' => {
                self.open.push(start);
                self.text.push('(');
                self.atom = Atom::None;
            }
            b')' => {
                self.atom = Atom::Once(self.open.pop().ok_or("a `)` without `(`")?);
                self.text.push(')');
            }
            b'|' | b'^' | b'$' => {
                let sign = match byte {
                    b'|' => "|",
                    b'^' => "\\A",
                    _ => "\\z",
                };
                self.text.push_str(sign);
                self.atom = Atom::None;
            }
            b'*' | b'+' | b'?' | b'{' => {
                self.group_repeated()?;
                if byte == b'{' {
                    return repeat(rest, &mut self.text);
                }
                self.text.push(char::from(byte));
            }
            _ => {
                match byte {
                    b'.' => self.text.push_str("[^\\x00]"),
                    _ => literal(byte, &mut self.text),
                }
                self.atom = Atom::Once(start);
            }
        }
        Ok(rest)
    }

    /// A second repetition sign applies to the first with its atom; in the
    /// engine's syntax it would make that lazy.
    fn group_repeated(&mut self) -> std::result::Result<(), &'static str> {
        let start = match self.atom {
            Atom::None => return Err("nothing to repeat"),
            Atom::Once(start) => start,
            Atom::Repeated(start) => {
                self.text.insert_str(start, "(?:");
                self.text.push(')');
                start
            }
        };
        self.atom = Atom::Repeated(start);
        Ok(())
    }
}

fn literal(byte: u8, into: &mut String) {
    if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b' ' {
        into.push(char::from(byte));
    } else {
        into.push_str(&format!("\\x{byte:02x}"));
    }
}

/// `{n}`, `{n,}` and `{n,m}`.
fn repeat<'t>(rest: &'t [u8], into: &mut String) -> std::result::Result<&'t [u8], &'static str> {
    let end = rest
        .iter()
        .position(|byte| *byte == b'}')
        .ok_or("a `{` without `}`")?;
    let inner = &rest[..end];
    let mut parts = inner.split(|byte| *byte == b',');
    let number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let valid = parts.next().is_some_and(number)
        && parts
            .next()
            .is_none_or(|part| part.is_empty() || number(part))
        && parts.next().is_none();
    if !valid {
        return Err("an invalid repetition");
    }
    into.push('{');
    into.push_str(&String::from_utf8_lossy(inner));
    into.push('}');
    Ok(&rest[end + 1..])
}

/// `[…]`: no escapes inside, classes such as `[:alpha:]`.
fn bracket<'t>(rest: &'t [u8], into: &mut String) -> std::result::Result<&'t [u8], &'static str> {
    const OPEN: &str = "a `[` without `]`";
    into.push('[');
    let mut rest = rest;
    if let Some(after) = rest.strip_prefix(b"^") {
        into.push('^');
        rest = after;
    }
    let mut first = true;
    loop {
        let (&byte, after) = rest.split_first().ok_or(OPEN)?;
        match (byte, after) {
            (b']', _) if !first => {
                into.push(']');
                return Ok(after);
            }
            (b'[', [kind @ (b':' | b'.' | b'='), inner @ ..]) => {
                let end = inner
                    .windows(2)
                    .position(|pair| pair == [*kind, b']'])
                    .ok_or(OPEN)?;
                let name = &inner[..end];
                match (kind, name) {
                    (b':', name) if is_class(name) => {
                        into.push_str(&format!("[:{}:]", String::from_utf8_lossy(name)));
                    }
                    (b'.' | b'=', [single]) => literal(*single, into),
                    _ => return Err("an unknown character class"),
                }
                rest = &inner[end + 2..];
                if rest.starts_with(b"-") && !rest.starts_with(b"-]") {
                    return Err("a range that starts with a class");
                }
            }
            (_, [b'-', last, after @ ..]) if *last != b']' => {
                if *last < byte {
                    return Err("a range that ends before it starts");
                }
                literal(byte, into);
                into.push('-');
                literal(*last, into);
                rest = after;
            }
            _ => {
                literal(byte, into);
                rest = after;
            }
        }
        first = false;
    }
}

fn is_class(name: &[u8]) -> bool {
    let names = [
        "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
        "upper", "xdigit",
    ];
    names.iter().any(|known| known.as_bytes() == name)
}
