//! Files that are made in the store.

use nixseal_nix::syntax::{Node, Part, Tree};

use super::read::{Reads, claim_paths, reads};
use crate::rule;
use crate::tree::{call as call_of, is_reader, is_writer, literal, unwrapped};
use crate::value::{Value, is_hash, judge};
use crate::walk::Walker;
use crate::words::{Naming, naming, takes_file};

/// `toFile NAME CONTENT` and its kin.
pub(super) fn call<'t>(walker: &mut Walker<'t>, tree: &'t Tree, name: &str, arguments: &'t [Tree]) {
    if is_writer(name)
        && let [file, content, ..] = arguments
        && !walker.is_claimed(tree.span)
    {
        let file_name = literal(walker.resolved(file)).unwrap_or_default();
        written(walker, name, &file_name, content);
    }
}

/// `passwordFile = writeText …`, `environment.etc.NAME.text = …`.
pub(super) fn binding<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let path = walker.path().to_vec();
    let Some(name) = path.last().copied() else {
        return;
    };
    if takes_file(name) || name == "hashedPasswordFile" {
        let value = walker.resolved(within(walker, value));
        if let Some((writer, [_, content])) = call_of(walker.syntax, value)
            && is_writer(writer)
            && !walker.is_claimed(value.span)
        {
            // The option says what the file is, whatever it is called.
            let naming_of_option = match name {
                "environmentFile" | "keyFile" => "",
                _ => "password",
            };
            written(walker, writer, naming_of_option, content);
        }
    }
    if name == "text"
        && let [
            ..,
            "etc" | "file" | "configFile" | "dataFile" | "*",
            file,
            _,
        ] = path.as_slice()
    {
        let file = file.rsplit('/').next().unwrap_or_default().to_owned();
        let value = unwrapped(walker.syntax, value);
        written(walker, "a file", &file, value);
    }
}

/// What is in an interpolation that is all of a text, and in wrappers.
pub(super) fn within<'t>(walker: &Walker<'t>, value: &'t Tree) -> &'t Tree {
    let value = unwrapped(walker.syntax, value);
    match &value.node {
        Node::Text(parts) => match parts.as_slice() {
            [Part::Value(only)] => unwrapped(walker.syntax, only),
            _ => value,
        },
        _ => value,
    }
}

fn written<'t>(walker: &mut Walker<'t>, writer: &str, file: &str, content: &'t Tree) {
    let content = walker.resolved(within(walker, content));
    if let Some((reader, [.., argument])) = call_of(walker.syntax, content)
        && is_reader(reader)
        && let Reads::Secret(path) = reads(walker, argument)
        && walker.claim(content.span)
    {
        claim_paths(walker, argument);
        let message = format!("{writer} writes '{path}' into the store in clear");
        walker.report(rule::STORE_WRITE, content.span, message);
        return;
    }
    // The content of a script is code, whatever it is called.
    if writer.contains("Script") || writer == "writeFish" {
        return;
    }
    let stem = stem(file);
    let Some(text) = literal(content) else {
        return;
    };
    let line = text.trim();
    let secret =
        naming(stem).is_some() && (judge(line, Naming::Password) == Value::Secret || is_hash(line));
    if secret && walker.claim(content.span) {
        let message = match is_hash(line) {
            true => format!("{writer} writes the hash of a password into the store"),
            false => format!("{writer} writes a secret into the store"),
        };
        let help = rule::STORE_WRITE.instead.to_owned();
        walker.report_secret(rule::STORE_WRITE, content.span, message, help);
    }
}

/// A name without its suffix.
fn stem(file: &str) -> &str {
    match file.rsplit_once('.') {
        Some((stem, suffix))
            if !stem.is_empty() && matches!(suffix, "txt" | "conf" | "file" | "key") =>
        {
            stem
        }
        _ => file,
    }
}
