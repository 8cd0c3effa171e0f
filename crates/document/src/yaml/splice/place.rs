//! Where things end and lines begin.

use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::{Slot, Splicer};
use crate::wiped;
use crate::yaml::compose::{Content, YamlNode};
use crate::yaml::token::{Style, slice};

impl<'a> Splicer<'a> {
    /// Where a node's text ends, without the line break of a block.
    pub(super) fn end_of(&self, node: &YamlNode) -> usize {
        let text = slice(self.source, node.start.offset..node.span.end);
        node.start.offset + text.trim_end().len()
    }

    /// Behind the line break of the line at `offset`.
    pub(super) fn line_end(&self, offset: usize) -> usize {
        let rest = slice(self.source, offset..self.source.len());
        offset + rest.find('\n').map_or(rest.len(), |index| index + 1)
    }

    /// Before the line break of the line at `offset`.
    pub(super) fn content_end(&self, offset: usize) -> usize {
        let end = self.line_end(offset);
        let line = slice(self.source, offset..end);
        offset + line.trim_end_matches(['\n', '\r']).len()
    }

    pub(super) fn line_start(&self, offset: usize) -> usize {
        slice(self.source, 0..offset)
            .rfind('\n')
            .map_or(0, |index| index + 1)
    }

    /// Whether only blanks stand before `offset` on its line.
    pub(super) fn begins_line(&self, offset: usize) -> bool {
        let before = slice(self.source, self.line_start(offset)..offset);
        before.trim_start_matches('\u{feff}').trim().is_empty()
    }

    /// Whether a block map or list begins on a line below its colon.
    pub(super) fn stands_below_colon(&self, node: &YamlNode, slot: Slot) -> bool {
        let block = matches!(
            node.content,
            Content::Map { flow: false, .. } | Content::List { flow: false, .. }
        );
        block
            && slot
                .colon
                .is_some_and(|colon| self.line_start(node.start.offset) > colon)
    }

    /// Length of a block's header: `|` or `>` with its signs.
    pub(super) fn header_length(&self, node: &YamlNode) -> usize {
        let rest = slice(self.source, node.start.offset..self.source.len());
        let sign = |byte: &u8| matches!(byte, b'+' | b'-' | b'0'..=b'9');
        1 + rest.bytes().skip(1).take_while(sign).count()
    }

    /// The end of a block's header line, before the line break.
    pub(super) fn header_line_end(&self, node: &YamlNode) -> usize {
        self.content_end(node.start.offset)
    }

    /// The indentation of a block's text, where it has any.
    pub(super) fn block_indent(&self, node: &YamlNode) -> Option<isize> {
        if !matches!(
            node.content,
            Content::Scalar(_, Style::Literal | Style::Folded)
        ) {
            return None;
        }
        let text = slice(
            self.source,
            self.line_end(node.start.offset)..self.end_of(node),
        );
        let indents = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start_matches(' ').len());
        indents
            .min()
            .and_then(|indent| isize::try_from(indent).ok())
    }

    /// The indentation of the first line behind a node's that is not empty; -1 at the end.
    pub(super) fn next_indent(&self, node: &YamlNode) -> isize {
        let rest = slice(
            self.source,
            self.line_end(self.end_of(node))..self.source.len(),
        );
        let line = rest.lines().find(|line| !line.trim().is_empty());
        line.map_or(-1, |line| {
            isize::try_from(line.len() - line.trim_start_matches(' ').len()).unwrap_or(isize::MAX)
        })
    }

    /// The anchor of a node as it is written.
    pub(super) fn anchor_of(&self, node: &YamlNode) -> Option<String> {
        let properties = slice(self.source, node.span.start..node.start.offset);
        let anchor = properties
            .split_whitespace()
            .find(|word| word.starts_with('&'))?;
        node.anchored.then(|| anchor.to_owned())
    }

    /// Where lines behind a member may be put in: behind its last line, and behind the empty
    /// lines that a block keeps.
    pub(super) fn after(&self, node: &YamlNode) -> usize {
        let last = self.last_leaf(node);
        let end = self.line_end(self.end_of(last));
        if let Content::Scalar(_, Style::Literal | Style::Folded) = last.content {
            let header = last.start.offset..last.start.offset + self.header_length(last);
            if slice(self.source, header).contains('+') {
                return end.max(last.span.end);
            }
        }
        end
    }

    fn last_leaf<'n>(&'n self, node: &'n YamlNode) -> &'n YamlNode {
        let mut node = node;
        while let Content::Map {
            children,
            flow: false,
            ..
        }
        | Content::List {
            children,
            flow: false,
            ..
        } = &node.content
        {
            match children.last().and_then(|id| self.node(*id)) {
                Some(last) => node = last,
                None => break,
            }
        }
        node
    }

    pub(super) fn take_out(&mut self, span: Span) {
        self.touch(span);
        self.edits.remove(span);
    }

    /// Takes out whole lines but for the comments in them that stay.
    pub(super) fn take_out_lines(&mut self, from: usize, to: usize, column: isize) {
        let mut kept = Zeroizing::new(String::new());
        let comments: Vec<(usize, &'a crate::tree::Comment)> = self
            .kept_comments
            .range(from..to.max(from))
            .map(|(start, comment)| (*start, *comment))
            .collect();
        for (start, comment) in comments {
            wiped::push(&mut kept, &" ".repeat(column.max(0).unsigned_abs()));
            wiped::push(&mut kept, "#");
            wiped::push(&mut kept, std::str::from_utf8(comment.text()).unwrap_or(""));
            wiped::push(&mut kept, self.line_break);
            self.spared.insert(start);
        }
        let span = Span::new(from, to.max(from));
        self.touch(span);
        self.edits.replace(span, kept.as_bytes());
    }

    /// Puts whole lines in before the line that begins at `at`, or at the end of the text.
    pub(super) fn insert_lines(&mut self, at: usize, lines: &str) {
        if lines.is_empty() {
            return;
        }
        let lines = Zeroizing::new(lines.replace('\n', self.line_break));
        let before = slice(self.source, 0..at);
        if before.is_empty() || before.ends_with('\n') || before == "\u{feff}" {
            self.edits.insert(at, lines.as_bytes());
        } else {
            self.edits.insert(at, self.line_break.as_bytes());
            let lines = lines.strip_suffix(self.line_break).unwrap_or(&lines);
            self.edits.insert(at, lines.as_bytes());
        }
    }
}
