//! What a configuration says of its secrets: where their files are, and who may read them.

use nixseal_nix::syntax::{Node, Tree};

use crate::rule;
use crate::tree::{Piece, dotted, literal, pieces, unwrapped};
use crate::walk::{RawDeclaration, Walker};
use crate::words::words;

/// Looks at the options of agenix and sops-nix.
pub(super) fn binding<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let Some(tool) = tool(walker.path()) else {
        return;
    };
    let path = walker.path().to_vec();
    match path.last().copied() {
        Some("file" | "rekeyFile") if tool == "age" => file(walker, value),
        Some("sopsFile" | "defaultSopsFile") if tool == "sops" && !walker.unvalidated => {
            file(walker, value)
        }
        Some("mode") => mode(walker, value),
        _ => {}
    }
}

/// Whose option it is.
fn tool(path: &[&str]) -> Option<&'static str> {
    let pair = |one: &str, two: &str| path.windows(2).any(|window| window == [one, two]);
    if pair("age", "secrets") || pair("vaultix", "secrets") {
        return Some("age");
    }
    let sops =
        pair("sops", "secrets") || pair("sops", "templates") || pair("sops", "defaultSopsFile");
    sops.then_some("sops")
}

fn file<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let value = walker.resolved(unwrapped(walker.syntax, value));
    declare(walker, value);
    let text = match pieces(value).first() {
        Some(Piece::Text(text)) if matches!(value.node, Node::Text(_)) => text.clone(),
        _ => return,
    };
    if text.starts_with("/nix/store/") || text.is_empty() {
        return;
    }
    walker.claim(value.span);
    let message = match text.starts_with('/') {
        true => format!("'{text}' is text, so the file is not part of the configuration"),
        false => format!("'{text}' is text, not a path, and found from nowhere"),
    };
    walker.report(rule::FILE_OUTSIDE_STORE, value.span, message);
}

/// Notes the file that a configuration names, where that is written in full.
fn declare<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let mut path = String::new();
    let mut of_flake = false;
    let is_text = matches!(value.node, Node::Text(_));
    for (number, piece) in pieces(value).into_iter().enumerate() {
        match piece {
            // Text that begins with itself is outside of the store.
            Piece::Text(_) if number == 0 && is_text => return,
            Piece::Text(text) => path.push_str(&text),
            Piece::Value(piece) => {
                let names = dotted(walker.syntax, piece).unwrap_or_default();
                if number > 0
                    || !matches!(
                        names.as_slice(),
                        ["self"] | ["inputs", "self"] | ["self", "outPath"]
                    )
                {
                    return;
                }
                of_flake = true;
            }
        }
    }
    let names = walker
        .path()
        .iter()
        .skip_while(|name| !matches!(**name, "age" | "sops" | "vaultix"));
    let option: Vec<&str> = names.copied().collect();
    if path.is_empty() || path.starts_with('~') {
        return;
    }
    let option = match option.as_slice() {
        [option @ .., "file" | "rekeyFile" | "sopsFile"] => option.join("."),
        all => all.join("."),
    };
    walker.declared.push(RawDeclaration {
        option,
        path,
        of_flake,
        span: value.span,
    });
}

fn mode<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let value = walker.resolved(unwrapped(walker.syntax, value));
    let Some(text) = literal(value) else {
        return;
    };
    // Some keep public halves among their secrets.
    let secret = walker
        .path()
        .iter()
        .rev()
        .nth(1)
        .copied()
        .unwrap_or_default();
    let is_public = words(secret)
        .iter()
        .any(|word| matches!(word.as_str(), "public" | "pub" | "pubkey"));
    if !is_public && is_world_readable(&text) {
        let message = format!("with mode '{text}' everybody can read the secret");
        walker.report(rule::WORLD_READABLE, value.span, message);
    }
}

/// Octal, or the symbolic modes of chmod.
fn is_world_readable(mode: &str) -> bool {
    if let Ok(bits) = u32::from_str_radix(mode, 8) {
        return bits & 0o004 != 0;
    }
    mode.split(',').any(|clause| {
        let Some(at) = clause.find(['+', '=']) else {
            return false;
        };
        let (who, rights) = clause.split_at(at);
        rights.contains('r') && (who.is_empty() || who.contains(['o', 'a']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for mode in ["0444", "644", "0666", "a+r", "u=rw,o=r", "+r"] {
            assert!(is_world_readable(mode), "{mode}");
        }
        for mode in ["0400", "440", "0600", "u=r", "g+r", "o-r", "", "r"] {
            assert!(!is_world_readable(mode), "{mode}");
        }
    }
}
