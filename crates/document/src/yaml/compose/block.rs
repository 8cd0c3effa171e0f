//! Block lists and maps, told by indentation.

use super::{Compose, Composer, Content, Id, NodeComments, Properties};
use crate::yaml::token::Kind;

impl Composer<'_> {
    pub(super) fn block_list(&mut self, properties: Properties, indented: bool) -> Compose<Id> {
        let start = self.peek()?.start;
        let head = if indented {
            std::mem::take(&mut self.stem)
        } else {
            Vec::new()
        };
        let content = Content::List {
            children: Vec::new(),
            flow: false,
            dashes: Vec::new(),
        };
        let comments = NodeComments {
            head,
            ..NodeComments::default()
        };
        let id = self.add(content, properties, comments, start, start.offset)?;
        if indented {
            self.pop();
        }
        loop {
            let token = self.peek()?;
            let (mark, end) = (token.start, token.end);
            match token.kind {
                Kind::BlockEntry => {}
                Kind::BlockEnd if indented => {
                    self.pop();
                    break;
                }
                _ if !indented => break,
                _ => return Err(self.error(mark, "expected a list entry ('- ') here")),
            }
            let heads_before = self.pending.head.len();
            self.pop();
            self.split_stem(heads_before)?;
            let token = self.peek()?;
            let empty = match token.kind {
                Kind::BlockEntry | Kind::BlockEnd => true,
                Kind::Key | Kind::Value => !indented,
                _ => false,
            };
            let child = if empty {
                self.empty_scalar(end, mark)
            } else {
                self.node(true, false)?
            };
            self.push_child(id, child);
            if let Some(Content::List { dashes, .. }) = self.content_mut(id) {
                dashes.push(mark.offset);
            }
        }
        self.finish(id, None);
        Ok(id)
    }

    /// Comments before a list entry head the map or list in it, not that one's first member.
    fn split_stem(&mut self, heads_before: usize) -> Compose {
        if heads_before == 0 {
            return Ok(());
        }
        let kind = &self.peek()?.kind;
        if matches!(kind, Kind::BlockSequenceStart | Kind::BlockMappingStart) {
            let rest = self.pending.head.split_off(heads_before);
            self.stem = std::mem::replace(&mut self.pending.head, rest);
        }
        Ok(())
    }

    pub(super) fn block_map(&mut self, properties: Properties) -> Compose<Id> {
        let start = self.peek()?.start;
        let head = std::mem::take(&mut self.stem);
        let content = Content::Map {
            children: Vec::new(),
            flow: false,
            colons: Vec::new(),
        };
        let comments = NodeComments {
            head,
            ..NodeComments::default()
        };
        let id = self.add(content, properties, comments, start, start.offset)?;
        self.pop();
        // The key before the current one.
        let mut before: Option<Id> = None;
        loop {
            let token = self.peek()?;
            let (mark, end) = (token.start, token.end);
            match token.kind {
                Kind::Key => drop(self.pop()),
                Kind::BlockEnd => break,
                _ => return Err(self.error(mark, "expected a key of this map here")),
            };
            let key = if self.ends_pair_part()? {
                self.empty_scalar(end, mark)
            } else {
                self.node(true, true)?
            };
            self.push_child(id, key);
            self.move_foot_back(key, before);
            let token = self.peek()?;
            let colon = matches!(token.kind, Kind::Value).then_some(token.end);
            let value = self.block_value()?;
            self.push_child(id, value);
            if let Some(Content::Map { colons, .. }) = self.content_mut(id) {
                colons.push(colon);
            }
            self.move_foot_to_key(key, value);
            before = Some(key);
        }
        let comments = std::mem::take(&mut self.pending);
        self.stem.clear();
        self.pop();
        // The head, if any, is lost here as in go-yaml; `build` finds it again.
        if !comments.line.is_empty()
            && let Some(node) = self.graph.nodes.get_mut(id as usize)
        {
            node.comments.line = comments.line;
        }
        self.give_foot(before.unwrap_or(id), comments.foot);
        self.finish(id, None);
        Ok(id)
    }

    fn block_value(&mut self) -> Compose<Id> {
        let token = self.peek()?;
        let (mark, end) = (token.start, token.end);
        if !matches!(token.kind, Kind::Value) {
            return Ok(self.empty_scalar(mark.offset, mark));
        }
        self.pop();
        if self.ends_pair_part()? {
            Ok(self.empty_scalar(end, mark))
        } else {
            self.node(true, true)
        }
    }

    fn ends_pair_part(&mut self) -> Compose<bool> {
        Ok(matches!(
            self.peek()?.kind,
            Kind::Key | Kind::Value | Kind::BlockEnd
        ))
    }
}
