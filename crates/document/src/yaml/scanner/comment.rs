//! Which token a comment belongs to.
//!
//! SOPS encrypts a comment under the path of the map or list it is read into, so this follows
//! go-yaml v3 to the letter, odd corners included: with Windows line ends every line of comment
//! counts as followed by an empty one, nothing on the first line of a file has feet, and 512
//! blanks end the search for a further comment.

use nixseal_base::span::Span;

use super::Scanner;
use crate::yaml::cursor::Mark;
use crate::yaml::token::{CommentLine, Comments, Kind, Place};

/// How far go-yaml looks ahead for a comment.
const REACH: usize = 512;

/// A run of comment lines while it is gathered.
struct Run {
    anchor: usize,
    /// Where the first line begins, with a column from 1.
    start: Mark,
    scan_start: usize,
    lines: Vec<CommentLine>,
}

impl Scanner<'_> {
    /// Passes white space, comments and line breaks up to the next token.
    pub(super) fn skip_to_content(&mut self) {
        let scan_start = self.cursor.mark;
        loop {
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.cursor.peek(0) == b' ' || (tabs && self.cursor.peek(0) == b'\t') {
                self.cursor.skip();
            }
            if self.cursor.peek(0) == b'#' {
                self.block_comments(scan_start);
            }
            if !self.cursor.at_break(0) {
                return;
            }
            self.cursor.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Offset of the token to which a comment on the line of the coming token belongs: the one
    /// before it for `:` and `,`.
    pub(super) fn comment_anchor(&self) -> usize {
        let separator = if self.flow_level == 0 { b':' } else { b',' };
        match self.tokens.last() {
            Some(last) if self.cursor.peek(0) == separator => last.start.offset,
            _ => self.cursor.mark.offset,
        }
    }

    /// Takes a comment that follows on the same line.
    pub(super) fn line_comment(&mut self, anchor: usize) {
        if self.cursor.newlines > 0 {
            return;
        }
        let blanks = (0..REACH)
            .take_while(|ahead| self.cursor.at_blank(*ahead))
            .count();
        if blanks == REACH || self.cursor.peek(blanks) != b'#' {
            return;
        }
        self.cursor.skip_many(blanks);
        let start = self.cursor.mark;
        let lines = vec![self.comment_text()];
        let (scan_start, end, place) = (0, 0, Place::Line);
        self.comments.push(Comments {
            anchor,
            start,
            scan_start,
            end,
            place,
            lines,
        });
    }

    /// Takes the comments that stand on lines of their own, from the `#` here on; each run of them
    /// is the foot of what came before or the head of what follows.
    fn block_comments(&mut self, scan_start: Mark) {
        let (token_start, after_value) = self.token_before_comment();
        let indent = usize::try_from(self.indent).unwrap_or(0);
        let foot_line = self.foot_line(scan_start.line);
        let mut empty_line_seen = self.cursor.newlines > 1;
        let mut last_was_empty = false;
        let (mut line, mut column) = (self.cursor.mark.line, self.cursor.mark.column);
        let mut run = Run {
            anchor: token_start,
            start: Mark::default(),
            scan_start: scan_start.offset,
            lines: Vec::new(),
        };
        let mut ahead = 0;
        while ahead < REACH {
            column += 1;
            if self.cursor.at_blank(ahead) {
                ahead += 1;
                continue;
            }
            let closes_flow = self.flow_level > 0 && matches!(self.cursor.peek(ahead), b']' | b'}');
            if closes_flow || self.cursor.at_break_or_end(ahead) {
                let dedented = run.start.column.saturating_sub(1) < indent;
                let below = Some(run.start.line) == foot_line && !after_value;
                let foot = !empty_line_seen && (below || dedented);
                if closes_flow || (!last_was_empty && foot) {
                    if dedented {
                        run.anchor = run.start.offset;
                    }
                    self.foot(&mut run, ahead);
                } else if !last_was_empty && !run.lines.is_empty() && !self.cursor.at_end(ahead) {
                    run.lines.push(CommentLine::Blank);
                }
                if !self.cursor.at_break(ahead) {
                    break;
                }
                empty_line_seen = true;
                last_was_empty = true;
                column = 0;
                line += 1;
                ahead += 1;
                continue;
            }
            if column.saturating_sub(1) < indent && column != run.start.column {
                self.foot(&mut run, ahead);
            }
            if self.cursor.peek(ahead) != b'#' {
                break;
            }
            if run.lines.is_empty() {
                run.start = Mark {
                    offset: self.cursor.mark.offset + ahead,
                    line,
                    column,
                };
            }
            last_was_empty = false;
            self.advance_to(ahead);
            run.lines.push(self.comment_text());
            // The line's own break, or its first byte, is passed over unseen.
            ahead = 1;
            column = 0;
            line = self.cursor.mark.line;
        }
        if !run.lines.is_empty() {
            let end = (self.cursor.mark.offset + ahead).saturating_sub(1);
            let Run {
                start,
                scan_start,
                lines,
                ..
            } = run;
            let (anchor, place) = (start.offset, Place::Head);
            self.comments.push(Comments {
                anchor,
                start,
                scan_start,
                end,
                place,
                lines,
            });
        }
    }

    /// Ends a run as a foot; what follows is a run of its own.
    fn foot(&mut self, run: &mut Run, ahead: usize) {
        if run.lines.is_empty() {
            return;
        }
        let end = self.cursor.mark.offset + ahead;
        let lines = std::mem::take(&mut run.lines);
        let Run {
            anchor,
            start,
            scan_start,
            ..
        } = *run;
        let place = Place::Foot;
        self.comments.push(Comments {
            anchor,
            start,
            scan_start,
            end,
            place,
            lines,
        });
        (run.anchor, run.scan_start) = (end, end);
    }

    /// The token a foot would belong to, and whether it is the `:` of a value yet to come.
    fn token_before_comment(&self) -> (usize, bool) {
        let mut before = self.tokens.iter().rev();
        let mut token = before.next();
        if token.is_some_and(|token| matches!(token.kind, Kind::FlowEntry)) {
            token = before.next().or(token);
        }
        let after_value = token.is_some_and(|token| matches!(token.kind, Kind::Value));
        (token.map_or(0, |token| token.start.offset), after_value)
    }

    /// The line on which a comment is still a foot of the content before it.
    fn foot_line(&self, scan_line: usize) -> Option<usize> {
        if scan_line == 0 {
            return None;
        }
        let mark = self.cursor.mark;
        let shared = self.cursor.newlines == 0 && mark.column > 1;
        Some((mark.line + 1 + usize::from(shared)).saturating_sub(self.cursor.newlines))
    }

    /// Moves to a byte further on, over blanks and line breaks only.
    fn advance_to(&mut self, ahead: usize) {
        let target = self.cursor.mark.offset + ahead;
        while self.cursor.mark.offset < target {
            if self.cursor.at_break(0) {
                self.cursor.skip_break();
            } else {
                self.cursor.skip();
            }
        }
    }

    /// Takes the rest of the line.
    fn comment_text(&mut self) -> CommentLine {
        let start = self.cursor.mark.offset;
        self.cursor.skip_to_break();
        CommentLine::Text(Span::new(start, self.cursor.mark.offset))
    }
}
