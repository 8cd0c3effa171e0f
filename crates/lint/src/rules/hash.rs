//! Hashes of passwords, and passwords where hashes belong.

use nixseal_nix::syntax::Tree;

use crate::rule;
use crate::tree::{call, dotted, is_writer, literal, unwrapped};
use crate::value::{is_hash, is_placeholder};
use crate::walk::Walker;
use crate::words::words;

/// Looks at options that take hashes, and at those that take passwords.
pub(super) fn binding<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let Some(name) = walker.path().last().copied() else {
        return;
    };
    let value = walker.resolved(unwrapped(walker.syntax, value));
    match name {
        "hashedPassword" | "initialHashedPassword" => hashed(walker, name, value),
        "hashedPasswordFile" => {
            let value = walker.resolved(super::write::within(walker, value));
            file(walker, value);
        }
        "password" | "initialPassword" if is_user(walker.path()) => {
            let is_hash = literal(value).is_some_and(|text| is_hash(text.trim()));
            if is_hash && walker.claim(value.span) {
                let message = format!("'{name}' gets a hash, so the hash itself is the password");
                let help = "use hashedPasswordFile".to_owned();
                walker.report_secret(rule::HASH_EXPECTED, value.span, message, help);
            }
        }
        _ => {}
    }
}

fn is_user(path: &[&str]) -> bool {
    path.iter()
        .any(|name| matches!(*name, "users" | "extraUsers"))
}

fn hashed<'t>(walker: &mut Walker<'t>, name: &str, value: &'t Tree) {
    let Some(text) = literal(value) else {
        return;
    };
    let text = text.trim();
    // `!` and `*` lock the account; 13 characters may be the hash of an old crypt.
    let other = text.is_empty()
        || text.starts_with(['!', '*', '$', '_', 'x'])
        || text.len() == 13
        || is_placeholder(text);
    if !other && walker.claim(value.span) {
        let message = format!("'{name}' gets something that is no hash");
        let help = rule::HASH_EXPECTED.instead.to_owned();
        walker.report_secret(rule::HASH_EXPECTED, value.span, message, help);
    }
}

/// The file must hold a hash, as far as that can be known.
fn file<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    if let Some(names) = dotted(walker.syntax, value) {
        let secret = names.iter().rev().nth(1).copied().unwrap_or_default();
        let plain = words(secret).iter().any(|word| {
            matches!(
                word.as_str(),
                "plain" | "plaintext" | "cleartext" | "unhashed"
            )
        });
        if plain && super::literal::is_decrypted(&names) {
            let message = format!(
                "the secret '{secret}' is a password by its name, and hashedPasswordFile wants a hash"
            );
            walker.report(rule::HASH_EXPECTED, value.span, message);
        }
        return;
    }
    if let Some((name, [_, content])) = call(walker.syntax, value)
        && is_writer(name)
        && let Some(text) = literal(walker.resolved(content))
        && !is_hash(text.trim())
        && !text.trim().is_empty()
        && walker.claim(content.span)
    {
        walker.claim(value.span);
        let message = "hashedPasswordFile gets a file that holds no hash".to_owned();
        let help = rule::HASH_EXPECTED.instead.to_owned();
        walker.report_secret(rule::HASH_EXPECTED, content.span, message, help);
    }
}
