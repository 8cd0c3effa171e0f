//! Flow lists and maps, told by brackets.

use super::{Compose, Composer, Content, Id, NodeComments, Properties};
use crate::yaml::token::Kind;

impl Composer<'_> {
    pub(super) fn flow_list(&mut self, properties: Properties) -> Compose<Id> {
        let start = self.peek()?.start;
        let comments = std::mem::take(&mut self.pending);
        self.stem.clear();
        let content = Content::List {
            children: Vec::new(),
            flow: true,
            dashes: Vec::new(),
        };
        let id = self.add(content, properties, comments, start, start.offset)?;
        self.flow_depth += 1;
        self.pop();
        let mut first = true;
        while !matches!(self.peek()?.kind, Kind::FlowSequenceEnd) {
            if !first {
                self.flow_separator("a list", "]")?;
            }
            first = false;
            let child = match self.peek()?.kind {
                Kind::FlowSequenceEnd => break,
                Kind::Key => self.single_pair()?,
                _ => self.node(false, false)?,
            };
            self.push_child(id, child);
        }
        self.flow_end(id);
        Ok(id)
    }

    /// A map of one pair inside a flow list: `[a: b]`.
    fn single_pair(&mut self) -> Compose<Id> {
        let start = self.peek()?.start;
        let content = Content::Map {
            children: Vec::new(),
            flow: true,
            colons: Vec::new(),
        };
        let comments = NodeComments::default();
        let id = self.add(
            content,
            Properties::default(),
            comments,
            start,
            start.offset,
        )?;
        self.pop();
        let token = self.peek()?;
        let mark = token.start;
        let key = match token.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // As in go-yaml, whatever stands here is passed over.
                let end = token.end;
                self.pop();
                self.empty_scalar(end, mark)
            }
            _ => self.node(false, false)?,
        };
        self.push_child(id, key);
        let value =
            self.flow_value(|kind| matches!(kind, Kind::FlowEntry | Kind::FlowSequenceEnd))?;
        self.push_child(id, value);
        self.move_foot_to_key(key, value);
        self.peek()?;
        self.finish(id, None);
        Ok(id)
    }

    pub(super) fn flow_map(&mut self, properties: Properties) -> Compose<Id> {
        let start = self.peek()?.start;
        let comments = std::mem::take(&mut self.pending);
        self.stem.clear();
        let content = Content::Map {
            children: Vec::new(),
            flow: true,
            colons: Vec::new(),
        };
        let id = self.add(content, properties, comments, start, start.offset)?;
        self.flow_depth += 1;
        self.pop();
        let mut first = true;
        while !matches!(self.peek()?.kind, Kind::FlowMappingEnd) {
            if !first {
                self.flow_separator("a map", "}")?;
            }
            first = false;
            let token = self.peek()?;
            let mark = token.start;
            let (key, value) = match token.kind {
                Kind::FlowMappingEnd => break,
                Kind::Key => {
                    self.pop();
                    let token = self.peek()?;
                    let mark = token.start;
                    let key = match token.kind {
                        Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                            self.empty_scalar(mark.offset, mark)
                        }
                        _ => self.node(false, false)?,
                    };
                    let ends = |kind: &Kind| matches!(kind, Kind::FlowEntry | Kind::FlowMappingEnd);
                    (key, self.flow_value(ends)?)
                }
                _ => {
                    let key = self.node(false, false)?;
                    let end = self.last_end;
                    self.peek()?;
                    (key, self.empty_scalar(end, mark))
                }
            };
            self.push_child(id, key);
            self.push_child(id, value);
            self.move_foot_to_key(key, value);
        }
        self.flow_end(id);
        Ok(id)
    }

    /// Passes the comma between two members.
    fn flow_separator(&mut self, what: &str, close: &str) -> Compose {
        let token = self.peek()?;
        let mark = token.start;
        if !matches!(token.kind, Kind::FlowEntry) {
            let reason = format!("expected ',' or '{close}' in {what} between brackets");
            return Err(self.error(mark, &reason));
        }
        self.pop();
        Ok(())
    }

    fn flow_value(&mut self, ends: impl Fn(&Kind) -> bool) -> Compose<Id> {
        let token = self.peek()?;
        let (mark, mut end) = (token.start, token.start.offset);
        if matches!(token.kind, Kind::Value) {
            end = token.end;
            self.pop();
            if !ends(&self.peek()?.kind) {
                return self.node(false, false);
            }
        }
        Ok(self.empty_scalar(end, mark))
    }

    fn flow_end(&mut self, id: Id) {
        let comments = std::mem::take(&mut self.pending);
        self.stem.clear();
        self.flow_depth = self.flow_depth.saturating_sub(1);
        self.pop();
        let end = self.last_end;
        if let Some(node) = self.graph.nodes.get_mut(id as usize) {
            node.comments.end(comments);
        }
        self.finish(id, Some(end));
    }
}
