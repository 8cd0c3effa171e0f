//! What a configuration says of its secrets: where their files are, and who may read them.

use nixseal_nix::syntax::Tree;

use crate::rule;
use crate::tree::{Piece, literal, pieces, unwrapped};
use crate::walk::Walker;

/// Looks at the options of agenix and sops-nix.
pub(super) fn binding<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let Some(tool) = tool(&walker.path) else {
        return;
    };
    let path = walker.path.clone();
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
    let text = match pieces(value).first() {
        Some(Piece::Text(text)) if matches!(value.node, nixseal_nix::syntax::Node::Text(_)) => {
            text.clone()
        }
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

fn mode<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let value = walker.resolved(unwrapped(walker.syntax, value));
    let Some(text) = literal(value) else {
        return;
    };
    if is_world_readable(&text) {
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
