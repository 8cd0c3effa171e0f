//! The canonical writer: YAML in the layout that `sops` 3.13.3 gives it.
//!
//! That layout is go-yaml v3's for block style with SOPS's indentation of 4 by default.
//!
//! Where `sops` writes what it cannot read back or what means something else, this does not
//! follow it:
//! - text of several lines that starts with a tab is double-quoted (`sops` writes `null`);
//! - a value `<<` is double-quoted (`sops` writes `!!merge <<`, which is right for keys only);
//! - text of several lines that starts with a blank gets the indentation digit that fits its place
//!   (`sops` always writes the configured one, wrong inside lists);
//! - a comment on the line of a map or list that has members is written above it, and one below a
//!   map or list that ends a list right there (`sops` lets both wait for some later line);
//! - of several comments on the line of a block of text, all but one are written above it (`sops`
//!   makes them part of the text);
//! - raw bytes are written as `!!binary`.

mod scalar;
mod style;

use zeroize::Zeroizing;

use crate::error::EmitError;
use crate::format::Format;
use crate::size;
use crate::tree::{Comment, Entry, Item, List, Map, Node, Value};
use crate::wiped;
use crate::yaml::token::Style;
use style::Form;

/// Indentation that `sops` uses when none is set.
pub(crate) const DEFAULT_INDENT: i64 = 4;

/// The key that merges maps.
const MERGE: &str = "<<";

/// Writes documents; an indentation of 0 means the default, others than 2 to 9 act as 2.
///
/// # Errors
/// A negative indentation, and comments that are no text.
pub(crate) fn emit(branches: &[Map], indent: i64) -> Result<Zeroizing<String>, EmitError> {
    let step = step(indent)?;
    let mut emitter = Emitter::new(step);
    // A large file is laid out in place, not copied while it grows.
    let around = |depth: usize| depth * step.unsigned_abs() + "- '': ''\n".len();
    let room = branches.iter().map(|branch| size::of_map(branch, &around));
    emitter.out.reserve_exact(room.sum());
    for (index, branch) in branches.iter().enumerate() {
        emitter.document(branch, index == 0)?;
    }
    Ok(emitter.out)
}

/// The number of columns of one level.
pub(crate) fn step(indent: i64) -> Result<isize, EmitError> {
    match indent {
        ..0 => Err(EmitError::Indent(indent)),
        0 => Ok(4),
        2..=9 => Ok(indent as isize),
        _ => Ok(2),
    }
}

/// Writes one value as the content of a file of its own, as `--extract` shows it.
pub(crate) fn emit_value(node: &Node, indent: i64) -> Result<Zeroizing<String>, EmitError> {
    let mut emitter = Emitter::new(step(indent)?);
    if let Node::Map(map) = node {
        emitter.comment_line(&Grouped::of_map(map)?.head);
    }
    emitter.value(node, Zeroizing::default(), Parent::Document)?;
    emitter.write_indent();
    Ok(emitter.out)
}

/// Writes members as they stand inside a block map at column `indent`, for the splice writer:
/// whole lines, the first with its indentation.
pub(super) fn emit_entries(
    entries: &[Entry],
    indent: isize,
    step: isize,
) -> Result<Zeroizing<String>, EmitError> {
    let mut emitter = Emitter::new(step);
    emitter.indent = indent;
    let inside = Grouped::of_entries(entries)?;
    emitter.comment_line(&inside.head);
    emitter.pairs(inside)?;
    emitter.end_line();
    Ok(emitter.out)
}

/// Writes members as they stand inside a block list with dashes at column `indent`: whole lines.
pub(super) fn emit_items(
    items: &[Item],
    indent: isize,
    step: isize,
) -> Result<Zeroizing<String>, EmitError> {
    let mut emitter = Emitter::new(step);
    emitter.indent = indent;
    let inside = Grouped::of_items(items)?;
    emitter.comment_line(&inside.head);
    emitter.items(inside)?;
    emitter.end_line();
    Ok(emitter.out)
}

/// Writes a scalar on one line, in a style that may stand between flow brackets if asked.
pub(super) fn emit_scalar(value: &Value, flow: bool) -> Zeroizing<String> {
    let mut emitter = Emitter::new(4);
    let mut form = Form::of_value(value);
    if form.style == Style::Literal || (flow && !form.is_flow_safe()) {
        form.style = Style::DoubleQuoted;
    }
    emitter.scalar(&form, Parent::Document, true);
    emitter.out
}

/// Writes a key the same way.
pub(super) fn emit_flow_key(key: &str) -> Zeroizing<String> {
    emit_scalar(&Value::text(key), true)
}

/// The text of a value that is best written as a block of lines.
pub(super) fn block_text(value: &Value) -> Option<Zeroizing<String>> {
    let form = Form::of_value(value);
    (form.style == Style::Literal && !form.binary).then(|| Zeroizing::new(form.text.to_owned()))
}

/// What a node stands in; decides its indentation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Document,
    Key,
    List,
    Value,
}

struct Emitter {
    out: Zeroizing<String>,
    /// Columns of one level.
    step: isize,
    /// Column of the current block, -1 outside of all.
    indent: isize,
    column: isize,
    /// Whether the last character separates.
    whitespace: bool,
    /// Whether only indentation and dashes are on the line so far.
    indention: bool,
    /// An empty line follows a foot before content at this column.
    foot_indent: isize,
    /// The comment for the line of the coming scalar.
    line: Zeroizing<String>,
}

type Emit = Result<(), EmitError>;

impl Emitter {
    fn new(step: isize) -> Self {
        Self {
            out: Zeroizing::new(String::new()),
            step,
            indent: -1,
            column: 0,
            whitespace: true,
            indention: true,
            foot_indent: -1,
            line: Zeroizing::default(),
        }
    }

    fn document(&mut self, branch: &Map, first: bool) -> Emit {
        if !first {
            self.write_indent();
            self.indicator("---", true, false, false);
            self.write_indent();
        }
        let inside = Grouped::of_map(branch)?;
        if inside.members.is_empty() {
            self.comment_line(&inside.head);
            self.indicator("{}", true, false, false);
        } else {
            self.comment_line(&inside.head);
            self.indent = 0;
            self.pairs(inside)?;
            self.indent = -1;
        }
        self.foot_indent = -1;
        self.write_indent();
        Ok(())
    }

    /// The pairs of a block map whose column is the current indentation.
    fn pairs(&mut self, inside: Grouped<'_>) -> Emit {
        for pair in inside.members {
            self.comment_line(&pair.head);
            self.write_indent();
            let form = Form::of_text(pair.key);
            if pair.key == MERGE {
                // Quoted it would be a key like any other, and no longer merge.
                self.indicator("!!merge <<:", true, false, false);
            } else if form.is_simple_key() {
                self.scalar(&form, Parent::Key, true);
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.scalar(&form, Parent::Key, false);
                self.write_indent();
                self.indicator(":", true, false, true);
            }
            self.value(pair.value, pair.line, Parent::Value)?;
        }
        self.foot(&inside.foot);
        Ok(())
    }

    /// The items of a block list whose column is the current indentation.
    fn items(&mut self, inside: Grouped<'_>) -> Emit {
        for item in inside.members {
            let own = match item.value {
                Node::Map(map) => Grouped::of_map(map)?.head,
                Node::List(list) => Grouped::of_list(list)?.head,
                Node::Scalar(_) => Zeroizing::default(),
            };
            self.comment_line(&item.head);
            self.comment_line(&own);
            self.write_indent();
            self.indicator("-", true, false, true);
            self.value(item.value, item.line, Parent::List)?;
        }
        self.foot(&inside.foot);
        Ok(())
    }

    /// A value behind its colon or dash. The comments above a map or list that stands in a list
    /// are written already.
    fn value(&mut self, node: &Node, line: Zeroizing<String>, parent: Parent) -> Emit {
        self.line = line;
        match node {
            Node::Scalar(scalar) => {
                self.scalar(&Form::of_value(scalar.value()), parent, false);
                self.line_comment();
            }
            Node::Map(map) => {
                let inside = Grouped::of_map(map)?;
                if !inside.members.is_empty() {
                    return self.enter(parent, inside, Self::pairs);
                }
                self.indicator("{", true, true, false);
                if parent == Parent::Value {
                    let outer = self.indent;
                    self.indent = self.next_level();
                    self.comment_line(&inside.head);
                    self.indent = outer;
                }
                self.indicator("}", false, false, false);
                self.line_comment();
            }
            Node::List(list) => {
                let inside = Grouped::of_list(list)?;
                if !inside.members.is_empty() {
                    return self.enter(parent, inside, Self::items);
                }
                self.indicator("[]", true, false, false);
                self.line_comment();
                if parent == Parent::Value {
                    self.comment_line(&inside.head);
                }
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        parent: Parent,
        inside: Grouped<'_>,
        write: fn(&mut Self, Grouped<'_>) -> Emit,
    ) -> Emit {
        let outer = self.indent;
        self.indent = match parent {
            Parent::List => outer + 2,
            _ if outer < 0 => 0,
            _ => self.next_level(),
        };
        if parent == Parent::Value {
            self.comment_line(&inside.head);
        }
        let written = write(self, inside);
        self.indent = outer;
        written
    }

    fn next_level(&self) -> isize {
        self.step * ((self.indent + self.step) / self.step)
    }

    /// Comments on lines of their own, if there are any.
    fn comment_line(&mut self, text: &str) {
        if !text.is_empty() {
            self.write_indent();
            self.comment(text);
        }
    }

    fn foot(&mut self, text: &str) {
        if !text.is_empty() {
            self.comment_line(text);
            self.foot_indent = self.indent.max(0);
        }
    }

    fn line_comment(&mut self) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            if !self.whitespace {
                self.put(' ');
            }
            self.comment(&line);
        }
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            self.put_break();
        }
    }

    /// Writes lines of comment; a line without its mark gets one.
    fn comment(&mut self, text: &str) {
        let mut broken = false;
        let mut marked = false;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                (broken, marked) = (true, false);
                continue;
            }
            if broken {
                self.write_indent();
            }
            if !marked && character != '#' {
                self.put('#');
                self.put(' ');
            }
            marked = true;
            self.put(character);
            self.indention = false;
            broken = false;
        }
        if !broken {
            self.put_break();
        }
        self.whitespace = true;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.max(0);
        let past = self.column > indent || (self.column == indent && !self.whitespace);
        if !self.indention || past {
            self.put_break();
        }
        if self.foot_indent == indent {
            self.put_break();
        }
        const BLANKS: &str = "                                ";
        while self.column < indent {
            let missing = (indent - self.column).unsigned_abs();
            self.put_all(BLANKS.get(..missing).unwrap_or(BLANKS));
        }
        self.whitespace = true;
        self.foot_indent = -1;
    }

    fn indicator(&mut self, text: &str, apart: bool, whitespace: bool, indention: bool) {
        if apart && !self.whitespace {
            self.put(' ');
        }
        self.put_all(text);
        self.whitespace = whitespace;
        self.indention = self.indention && indention;
    }

    fn put_all(&mut self, text: &str) {
        wiped::push(&mut self.out, text);
        let width = if text.len() == 1 {
            1
        } else {
            text.chars().count()
        };
        self.column += isize::try_from(width).unwrap_or(isize::MAX);
    }

    fn put(&mut self, character: char) {
        wiped::reserve(&mut self.out, character.len_utf8());
        self.out.push(character);
        self.column += 1;
    }

    fn put_break(&mut self) {
        wiped::reserve(&mut self.out, 1);
        self.out.push('\n');
        self.column = 0;
        self.indention = true;
    }

    /// A line break of a text: Unicode separators stay what they are.
    fn write_break(&mut self, character: char) {
        if character == '\n' {
            self.put_break();
        } else {
            self.put(character);
            self.column = 0;
            self.indention = true;
        }
    }
}

/// A line break to go-yaml.
fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The members of a map or list with the comments that go with each.
struct Grouped<'a> {
    /// Comments above the first member, or all when there is none.
    head: Zeroizing<String>,
    members: Vec<Member<'a>>,
    /// Comments below the last member.
    foot: Zeroizing<String>,
}

struct Member<'a> {
    head: Zeroizing<String>,
    /// Empty in a list.
    key: &'a str,
    line: Zeroizing<String>,
    value: &'a Node,
}

/// One entry of a map or list.
enum Part<'a> {
    Comment(&'a Comment),
    Member(&'a str, &'a Node),
}

impl<'a> Grouped<'a> {
    fn of_map(map: &'a Map) -> Result<Self, EmitError> {
        Self::of_entries(&map.entries)
    }

    fn of_entries(entries: &'a [Entry]) -> Result<Self, EmitError> {
        Self::of(entries.iter().map(|entry| match entry {
            Entry::Comment(comment) => Part::Comment(comment),
            Entry::Pair(pair) => Part::Member(&pair.key, &pair.value),
        }))
    }

    fn of_list(list: &'a List) -> Result<Self, EmitError> {
        Self::of_items(&list.items)
    }

    fn of_items(items: &'a [Item]) -> Result<Self, EmitError> {
        Self::of(items.iter().map(|item| match item {
            Item::Comment(comment) => Part::Comment(comment),
            Item::Value(value) => Part::Member("", value),
        }))
    }

    fn of(parts: impl Iterator<Item = Part<'a>>) -> Result<Self, EmitError> {
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut first_head = Zeroizing::default();
        let (mut above, mut inline) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Comment(comment) if comment.inline => inline.push(comment),
                Part::Comment(comment) => above.push(comment),
                Part::Member(key, value) => {
                    if has_members(value) {
                        above.append(&mut inline);
                    }
                    // Behind the header of a block there is room for one comment only.
                    if inline.len() > 1 && style::is_block(value) {
                        above.extend(inline.drain(..inline.len() - 1));
                    }
                    let mut head = join(&std::mem::take(&mut above))?;
                    if members.is_empty() {
                        first_head = std::mem::take(&mut head);
                    }
                    let line = join(&std::mem::take(&mut inline))?;
                    members.push(Member {
                        head,
                        key,
                        line,
                        value,
                    });
                }
            }
        }
        above.append(&mut inline);
        let rest = join(&above)?;
        let (head, foot) = if members.is_empty() {
            (rest, Zeroizing::default())
        } else {
            (first_head, rest)
        };
        Ok(Self {
            head,
            members,
            foot,
        })
    }
}

/// Whether a value is a map or list written in block style.
fn has_members(node: &Node) -> bool {
    match node {
        Node::Map(map) => map.pairs().next().is_some(),
        Node::List(list) => list.values().next().is_some(),
        Node::Scalar(_) => false,
    }
}

/// Lines of comment with their marks.
fn join(comments: &[&Comment]) -> Result<Zeroizing<String>, EmitError> {
    let length = comments
        .iter()
        .map(|comment| comment.text().len() + 2)
        .sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for comment in comments {
        let line = std::str::from_utf8(comment.text()).map_err(|_| EmitError::Value {
            format: Format::Yaml,
            key: String::new(),
            reason: "a comment is not UTF-8",
        })?;
        if !text.is_empty() {
            text.push('\n');
        }
        text.push('#');
        text.push_str(line);
    }
    Ok(text)
}
