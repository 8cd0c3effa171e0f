//! The splice writer for JSON.

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::emit::{Indent, emit_value, quoted};
use super::read::read;
use crate::document::Document;
use crate::error::{EmitError, SpliceError};
use crate::number;
use crate::splice::{Change, Edits, align, place};
use crate::tree::{Map, Node, Scalar, Value};

pub(crate) fn splice(source: &str, document: &Document) -> Result<SecretBytes, SpliceError> {
    let (_, _, original) = read(SecretBytes::copy_of(source.as_bytes()))
        .map_err(|error| SpliceError::Unsafe(error.to_string()))?;
    let mut splicer = Splicer {
        source,
        indent: indent_of(source),
        edits: Edits::default(),
    };
    if let [map] = document.branches.as_slice() {
        splicer.map(&original, map)?;
    }
    splicer.edits.apply(source.as_bytes())
}

struct Splicer<'a> {
    source: &'a str,
    indent: Indent,
    edits: Edits,
}

/// A member as both kinds of containers see it.
struct Member<'a> {
    key: Option<&'a str>,
    place: Option<usize>,
    node: &'a Node,
}

type Splice = Result<(), SpliceError>;

impl Splicer<'_> {
    fn map(&mut self, original: &Map, present: &Map) -> Splice {
        let span = original
            .origin
            .map_or(Span::default(), |origin| origin.span);
        self.container(
            span,
            &members_of_map(original),
            &members_of_map(present),
            ('{', '}'),
        )
    }

    fn node(&mut self, original: &Node, present: &Node) -> Splice {
        let span = original
            .origin()
            .map_or(Span::default(), |origin| origin.span);
        if place(present.origin()) != Some(span.start) {
            return self.replace(span, present);
        }
        match (original, present) {
            (Node::Map(original), Node::Map(present)) => self.map(original, present),
            (Node::List(_), Node::List(_)) => {
                let (originals, presents) = (members_of_list(original), members_of_list(present));
                self.container(span, &originals, &presents, ('[', ']'))
            }
            (Node::Scalar(_), Node::Scalar(scalar)) if !scalar.changed() => Ok(()),
            _ => self.replace(span, present),
        }
    }

    fn replace(&mut self, span: Span, node: &Node) -> Splice {
        let prefix = line_indent(self.source, span.start).to_owned();
        let text = self.rendered(node, &prefix)?;
        self.edits.replace(span, text.as_bytes());
        Ok(())
    }

    fn container(
        &mut self,
        span: Span,
        originals: &[Member<'_>],
        presents: &[Member<'_>],
        brackets: (char, char),
    ) -> Splice {
        let places = |members: &[Member<'_>]| {
            members
                .iter()
                .map(|member| member.place)
                .collect::<Vec<_>>()
        };
        let changes = align(&places(originals), &places(presents));
        let kept = changes
            .iter()
            .any(|change| matches!(change, Change::Kept(..)));
        let unchanged = changes
            .iter()
            .all(|change| matches!(change, Change::Kept(..)));
        if !kept && !unchanged {
            return self.refill(span, presents, brackets);
        }
        let spans: Vec<Span> = originals.iter().map(member_span).collect();
        let separator = self.separator(span, &spans);
        let prefix = separator.trim_start_matches(['\r', '\n']).to_owned();
        // End of the last kept member so far, and of the text after it that goes.
        let mut before: Option<usize> = None;
        for change in changes {
            match change {
                Change::Kept(original, present) => {
                    if let (Some(one), Some(two)) = (originals.get(original), presents.get(present))
                    {
                        self.node(one.node, two.node)?;
                    }
                    before = spans.get(original).map(|span| span.end);
                }
                Change::Removed(index) => {
                    let (Some(own), next) = (spans.get(index), spans.get(index + 1)) else {
                        continue;
                    };
                    let previous = index.checked_sub(1).and_then(|index| spans.get(index));
                    match (before, previous, next) {
                        (Some(_), Some(previous), _) => {
                            self.edits.remove(Span::new(previous.end, own.end));
                        }
                        (_, _, Some(next)) => self.edits.remove(Span::new(own.start, next.start)),
                        _ => self.edits.remove(*own),
                    }
                }
                Change::Inserted(index) => {
                    let Some(member) = presents.get(index) else {
                        continue;
                    };
                    let text = self.member(member, &prefix)?;
                    match (before, spans.first()) {
                        (Some(end), _) => {
                            let text = Zeroizing::new(format!(",{separator}{}", *text));
                            self.edits.insert(end, text.as_bytes());
                        }
                        (None, Some(first)) => {
                            let text = Zeroizing::new(format!("{},{separator}", *text));
                            self.edits.insert(first.start, text.as_bytes());
                        }
                        (None, None) => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes a container anew when nothing in it stays.
    fn refill(&mut self, span: Span, members: &[Member<'_>], brackets: (char, char)) -> Splice {
        let outer = line_indent(self.source, span.start).to_owned();
        let inner = format!("{outer}{}", self.indent.text());
        let mut text = Zeroizing::new(String::from(brackets.0));
        for (index, member) in members.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let member = self.member(member, &inner)?;
            crate::wiped::push(&mut text, &format!("{comma}\n{inner}"));
            crate::wiped::push(&mut text, &member);
        }
        if !members.is_empty() {
            crate::wiped::push(&mut text, &format!("\n{outer}"));
        }
        text.push(brackets.1);
        self.edits.replace(span, text.as_bytes());
        Ok(())
    }

    fn member(&self, member: &Member<'_>, prefix: &str) -> Result<Zeroizing<String>, EmitError> {
        let value = self.rendered(member.node, prefix)?;
        Ok(match member.key {
            Some(key) => Zeroizing::new(format!("{}: {}", *quoted(key), *value)),
            None => value,
        })
    }

    /// A value whose further lines begin with `prefix`.
    fn rendered(&self, node: &Node, prefix: &str) -> Result<Zeroizing<String>, EmitError> {
        if let Some(Value::Float(value)) = node.as_scalar().map(Scalar::value)
            && let Some(text) = number::json(*value)
        {
            return Ok(Zeroizing::new(number::kept(text)));
        }
        let text = emit_value(node, &self.indent, 0)?;
        // Line breaks in strings are escaped, so all of these are between members.
        Ok(Zeroizing::new(text.replace('\n', &format!("\n{prefix}"))))
    }

    /// What stands between a comma and the next member.
    fn separator(&self, span: Span, members: &[Span]) -> String {
        if let [.., one, two] = members {
            let between = self.source.get(one.end..two.start).unwrap_or("");
            return between
                .split_once(',')
                .map_or(between, |(_, after)| after)
                .to_owned();
        }
        let first = members.first().map_or(span.end, |first| first.start);
        self.source
            .get(span.start + 1..first)
            .unwrap_or("")
            .to_owned()
    }
}

fn members_of_map(map: &Map) -> Vec<Member<'_>> {
    map.pairs()
        .map(|pair| Member {
            key: Some(&pair.key),
            place: place(pair.origin),
            node: &pair.value,
        })
        .collect()
}

fn members_of_list(node: &Node) -> Vec<Member<'_>> {
    let values = node.as_list().into_iter().flat_map(|list| list.values());
    values
        .map(|node| Member {
            key: None,
            place: place(node.origin()),
            node,
        })
        .collect()
}

/// From the key, or the value in a list, to the end of the value.
fn member_span(member: &Member<'_>) -> Span {
    let value = member
        .node
        .origin()
        .map_or(Span::default(), |origin| origin.span);
    Span::new(member.place.unwrap_or(value.start), value.end)
}

/// The blanks that begin the line of that place.
fn line_indent(source: &str, offset: usize) -> &str {
    let before = source.get(..offset).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..blanks).unwrap_or("")
}

/// One level of the file's indentation: that of its first indented line.
fn indent_of(source: &str) -> Indent {
    let indented = source
        .lines()
        .skip(1)
        .find(|line| line.starts_with([' ', '\t']));
    let line = indented.unwrap_or("\t");
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    Indent::of(line.get(..blanks).unwrap_or("\t"))
}
