//! Comments where `sops` puts them.

use nixseal_document::tree::{Comment, Entry, Item, Map, Node};

use crate::file::DecryptedFile;

impl DecryptedFile {
    /// Gives comments that were decrypted lines of their own, above what they stand beside: `sops`
    /// forgets their places, and its layout is wanted. The text that was read is not touched.
    pub fn detach_comments(&mut self) {
        self.document.branches.iter_mut().for_each(of_map);
    }
}

fn of_map(map: &mut Map) {
    for entry in &mut map.entries {
        match entry {
            Entry::Comment(comment) => detach(comment),
            Entry::Pair(pair) => of_node(&mut pair.value),
        }
    }
}

/// As deep as the walk that decrypted the tree.
fn of_node(node: &mut Node) {
    match node {
        Node::Map(map) => of_map(map),
        Node::List(list) => list.items.iter_mut().for_each(|item| match item {
            Item::Comment(comment) => detach(comment),
            Item::Value(node) => of_node(node),
        }),
        Node::Scalar(_) => {}
    }
}

fn detach(comment: &mut Comment) {
    comment.inline &= !comment.changed();
}
