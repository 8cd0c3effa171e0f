//! Reading single expressions: literals, names, calls.

use nixseal_nix::syntax::{AttrName, Node, Operator, Part, Syntax, Tree};

/// The text of a string without interpolations.
pub(crate) fn literal(tree: &Tree) -> Option<String> {
    match &tree.node {
        Node::Text(parts) => match parts.as_slice() {
            [] => Some(String::new()),
            [Part::Text(text)] => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        },
        Node::Uri(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    }
}

/// A path without interpolations, as written.
pub(crate) fn path_literal(tree: &Tree) -> Option<String> {
    match &tree.node {
        Node::Path(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                Part::Value(_) => None,
            })
            .collect(),
        _ => None,
    }
}

/// The names of `a.b.c`, where all of them are written down; dynamic ones are `*`.
pub(crate) fn dotted<'s>(syntax: &'s Syntax, tree: &Tree) -> Option<Vec<&'s str>> {
    match &tree.node {
        Node::Name(symbol) => Some(vec![syntax.name(*symbol)]),
        Node::Select { base, path, .. } => {
            let mut names = dotted(syntax, base)?;
            names.extend(path.iter().map(|attr| name_of(syntax, &attr.name)));
            Some(names)
        }
        _ => None,
    }
}

/// A name that is written down, or `*`.
pub(crate) fn name_of<'s>(syntax: &'s Syntax, name: &AttrName) -> &'s str {
    match name {
        AttrName::Static(symbol) => syntax.name(*symbol),
        AttrName::Dynamic(_) => "*",
    }
}

/// A call: the last name of its function, and its arguments. `f x y` and `f x |> …` are the same
/// as far as that is known.
pub(crate) fn call<'s, 't>(syntax: &'s Syntax, tree: &'t Tree) -> Option<(&'s str, &'t [Tree])> {
    let Node::Apply {
        function,
        arguments,
    } = &tree.node
    else {
        return None;
    };
    let name = *dotted(syntax, function)?.last()?;
    Some((name, arguments))
}

/// What wrappers of modules hold: `mkDefault x`, `mkIf c x`, `toString x`.
pub(crate) fn unwrapped<'t>(syntax: &Syntax, tree: &'t Tree) -> &'t Tree {
    let mut tree = tree;
    while let Some((name, arguments)) = call(syntax, tree) {
        let wraps = match name {
            "mkDefault"
            | "mkForce"
            | "mkBefore"
            | "mkAfter"
            | "mkOptionDefault"
            | "mkImageMediaOverride"
            | "mkVMOverride"
            | "toString"
            | "id"
            | "trim"
            | "removeSuffix" => true,
            "mkIf" | "mkOverride" | "mkOrder" | "optionalString" | "optional" => {
                arguments.len() == 2
            }
            _ => false,
        };
        match arguments.last() {
            Some(last) if wraps => tree = last,
            _ => break,
        }
    }
    tree
}

/// Names of functions that read a file at evaluation.
pub(crate) fn is_reader(name: &str) -> bool {
    matches!(
        name,
        "readFile" | "fileContents" | "importJSON" | "importTOML" | "scopedImport" | "readLines"
    )
}

/// Names of functions that write a file into the store; the first argument is its name, the
/// second its content.
pub(crate) fn is_writer(name: &str) -> bool {
    matches!(
        name,
        "toFile"
            | "writeText"
            | "writeTextDir"
            | "writeScript"
            | "writeScriptBin"
            | "writeShellScript"
            | "writeShellScriptBin"
            | "writeBash"
            | "writeDash"
            | "writeFish"
    )
}

/// The parts of a sum or of a text, in order: `a + "b"`, `"${a}b"`.
pub(crate) fn pieces(tree: &Tree) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    gather(tree, &mut pieces);
    pieces
}

/// A piece of a text.
pub(crate) enum Piece<'t> {
    /// Written down.
    Text(String),
    /// Anything else.
    Value(&'t Tree),
}

fn gather<'t>(tree: &'t Tree, pieces: &mut Vec<Piece<'t>>) {
    match &tree.node {
        Node::Binary(Operator::Add, left, right) => {
            gather(left, pieces);
            gather(right, pieces);
        }
        Node::Text(parts) | Node::Path(parts) => {
            for part in parts {
                match part {
                    Part::Text(text) => {
                        pieces.push(Piece::Text(String::from_utf8_lossy(text).into_owned()))
                    }
                    Part::Value(value) => gather(value, pieces),
                }
            }
        }
        _ => pieces.push(Piece::Value(tree)),
    }
}
