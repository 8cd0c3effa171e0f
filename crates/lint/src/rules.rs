//! The rules about one text, by what they look at.

mod argument;
mod declared;
mod hash;
mod literal;
mod read;
mod text;
mod write;

use nixseal_nix::syntax::{Node, Tree};

use crate::tree::call;
use crate::walk::Walker;

/// Asks the rules about a binding; its names are the path of the walker.
pub(crate) fn binding<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    if walker.is_documentation() {
        return;
    }
    declared::binding(walker, value);
    hash::binding(walker, value);
    write::binding(walker, value);
    read::binding(walker, value);
    literal::binding(walker, value);
}

/// Asks the rules about the default of an option; the path of the walker is that of the option.
pub(crate) fn option_default<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    literal::option_default(walker, value);
}

/// Asks the rules about an expression, whatever is around it.
pub(crate) fn visit<'t>(walker: &mut Walker<'t>, tree: &'t Tree) {
    match &tree.node {
        Node::Apply { .. } => {
            if let Some((name, arguments)) = call(walker.syntax, tree) {
                write::call(walker, tree, name, arguments);
                read::call(walker, tree, name, arguments);
                argument::trace(walker, tree, name, arguments);
            }
        }
        Node::List(items) => argument::list(walker, items),
        Node::Text(_) | Node::Uri(_) => text::visit(walker, tree),
        Node::Path(_) => read::path(walker, tree),
        _ => {}
    }
}

/// Texts for people: what is in them is an example.
pub(crate) fn is_documentation(path: &[&str]) -> bool {
    path.last().is_some_and(|name| {
        matches!(
            *name,
            "description"
                | "longDescription"
                | "example"
                | "exampleText"
                | "defaultText"
                | "literalExample"
                | "meta"
                | "message"
        )
    })
}
