//! What is read at evaluation, and paths that are copied into the store.

use std::path::Path;

use nixseal_nix::syntax::{Node, Part, Tree};

use super::literal::is_decrypted;
use crate::files::{Content, Suspicion, content, suspicion};
use crate::rule;
use crate::tree::{
    Piece, call as call_of, dotted, is_reader, literal, path_literal, pieces, unwrapped,
};
use crate::value::is_decrypted_path;
use crate::walk::Walker;
use crate::words::{naming, takes_file};

/// What a call reads.
pub(super) enum Reads {
    /// A secret that one of the tools decrypted.
    Decrypted,
    /// A file in clear that holds a secret.
    Secret(String),
    /// A file of which nothing is known.
    File(String),
    Nothing,
}

/// A call that reads a file.
pub(super) fn call<'t>(walker: &mut Walker<'t>, tree: &'t Tree, name: &str, arguments: &'t [Tree]) {
    let imports = name == "import";
    if !is_reader(name) && !imports || walker.is_claimed(tree.span) {
        return;
    }
    match arguments
        .last()
        .map_or(Reads::Nothing, |argument| reads(walker, argument))
    {
        Reads::Decrypted => {
            walker.claim(tree.span);
            let message = format!("{name} copies a decrypted secret into the configuration");
            walker.report(rule::DECRYPTED_READ, tree.span, message);
        }
        Reads::Secret(path) if !imports => {
            walker.claim(tree.span);
            arguments
                .iter()
                .for_each(|argument| claim_paths(walker, argument));
            let message = format!("{name} copies '{path}' into the configuration in clear");
            walker.report(rule::PLAINTEXT_READ, tree.span, message);
        }
        _ => {}
    }
}

/// An option for a secret whose value is read from any file.
pub(super) fn binding<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let Some(name) = walker.path().last().copied() else {
        return;
    };
    let value = unwrapped(walker.syntax, value);
    if naming(name).is_some()
        && let Some((reader, [.., argument])) = call_of(walker.syntax, value)
        && is_reader(reader)
        && let Reads::File(path) | Reads::Secret(path) = reads(walker, argument)
        && !path.ends_with(".pub")
        && walker.claim(value.span)
    {
        claim_paths(walker, argument);
        let message = format!("the value of '{name}' is read from '{path}' in clear");
        walker.report(rule::PLAINTEXT_READ, value.span, message);
        return;
    }
    if takes_file(name) {
        let value = walker.resolved(value);
        files(walker, name, value);
    }
}

/// Paths without quotes in an option for files of secrets, also in a list.
fn files<'t>(walker: &mut Walker<'t>, name: &str, value: &'t Tree) {
    if let Node::List(items) = &value.node {
        items.iter().for_each(|item| files(walker, name, item));
        return;
    }
    let Some(path) = path_literal(value).or_else(|| interpolated_path(value)) else {
        return;
    };
    let lower = path.to_ascii_lowercase();
    let name_of_file = lower.rsplit('/').next().unwrap_or_default();
    let harmless = crate::files::is_encrypted_name(name_of_file)
        || name_of_file.ends_with(".nix")
        || is_encrypted(walker, &path);
    if !harmless && walker.claim(value.span) {
        claim_paths(walker, value);
        let message = format!("'{name}' copies '{path}' into the store in clear");
        walker.report(rule::PLAINTEXT_PATH, value.span, message);
    }
}

/// `"${./file}"` and nothing more.
fn interpolated_path(tree: &Tree) -> Option<String> {
    match &tree.node {
        Node::Text(parts) => match parts.as_slice() {
            [Part::Value(only)] => path_literal(only),
            _ => None,
        },
        _ => None,
    }
}

/// A path that stands somewhere.
pub(super) fn path<'t>(walker: &mut Walker<'t>, tree: &'t Tree) {
    if walker.is_claimed(tree.span) || walker.is_documentation() {
        return;
    }
    let Some(path) = path_literal(tree) else {
        return;
    };
    // Rules and the files that they name.
    let harmless = walker.path().last().is_some_and(|name| {
        matches!(
            *name,
            "sopsFile"
                | "defaultSopsFile"
                | "rekeyFile"
                | "imports"
                | "modules"
                | "publicKeys"
                | "keyFiles"
                | "masterIdentities"
                | "storageDir"
                | "localStorageDir"
                | "generatedSecretsDir"
        )
    }) || walker
        .path()
        .windows(2)
        .any(|pair| pair == ["age", "secrets"] || pair == ["sops", "secrets"]);
    if harmless
        || suspicion(&path) != Suspicion::Name
        || is_encrypted(walker, &path)
        || is_folder(walker, &path)
        || crate::files::is_folder_of_secrets(&path) && !is_file(walker, &path)
    {
        return;
    }
    walker.claim(tree.span);
    let message = format!("'{path}' is copied into the store in clear");
    walker.report(rule::PLAINTEXT_PATH, tree.span, message);
}

/// What an argument of a reading function names.
pub(super) fn reads<'t>(walker: &Walker<'t>, argument: &'t Tree) -> Reads {
    let argument = walker.resolved(unwrapped(walker.syntax, argument));
    if let Some(names) = dotted(walker.syntax, argument) {
        return match is_decrypted(&names) {
            true => Reads::Decrypted,
            false => Reads::Nothing,
        };
    }
    let mut path = String::new();
    for piece in pieces(argument) {
        match piece {
            Piece::Text(text) => path.push_str(&text),
            Piece::Value(value) => {
                let value = unwrapped(walker.syntax, value);
                let names = dotted(walker.syntax, value).unwrap_or_default();
                if is_decrypted(&names) {
                    return Reads::Decrypted;
                }
                let bound = walker.resolved(value);
                match path_literal(bound).or_else(|| literal(bound)) {
                    Some(text) => path.push_str(&text),
                    None => path.push('*'),
                }
            }
        }
    }
    if is_decrypted_path(&path) {
        return Reads::Decrypted;
    }
    if path.is_empty() || path == "*" {
        return Reads::Nothing;
    }
    let secret = match beginning(walker, &path) {
        Some(Content::Encrypted) => return Reads::Nothing,
        Some(Content::Secret) => true,
        _ => suspicion(&path) >= Suspicion::Folder,
    };
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    match (secret, crate::files::is_encrypted_name(name)) {
        (_, true) => Reads::Nothing,
        (true, _) => Reads::Secret(path),
        (false, _) => Reads::File(path),
    }
}

fn beginning(walker: &Walker<'_>, path: &str) -> Option<Content> {
    let full = walker.folder?.join(Path::new(path));
    let bytes = walker.surroundings.beginning(&full)?;
    Some(content(&bytes))
}

fn is_encrypted(walker: &Walker<'_>, path: &str) -> bool {
    beginning(walker, path) == Some(Content::Encrypted)
}

fn is_file(walker: &Walker<'_>, path: &str) -> bool {
    walker
        .folder
        .is_some_and(|folder| walker.surroundings.is_file(&folder.join(path)))
}

fn is_folder(walker: &Walker<'_>, path: &str) -> bool {
    walker
        .folder
        .is_some_and(|folder| walker.surroundings.is_folder(&folder.join(path)))
}

/// Paths in what was reported already are not reported once more.
pub(super) fn claim_paths<'t>(walker: &mut Walker<'t>, tree: &'t Tree) {
    match &tree.node {
        Node::Path(_) => {
            walker.claim(tree.span);
        }
        Node::Text(parts) => {
            for part in parts {
                if let Part::Value(value) = part {
                    claim_paths(walker, value);
                }
            }
        }
        Node::Binary(_, left, right) => {
            claim_paths(walker, left);
            claim_paths(walker, right);
        }
        Node::Apply { arguments, .. } => {
            walker.claim(tree.span);
            arguments
                .iter()
                .for_each(|argument| claim_paths(walker, argument));
        }
        _ => {}
    }
}
