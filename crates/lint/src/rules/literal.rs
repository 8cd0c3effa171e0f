//! Secrets that stand where an option or a variable is bound.

use nixseal_nix::syntax::{Node, Tree};

use crate::options::file_option;
use crate::rule;
use crate::tree::{dotted, literal, unwrapped};
use crate::value::{Value, is_placeholder, is_public, is_reference, judge};
use crate::walk::Walker;
use crate::words::{Naming, naming, words};

/// Looks at the value of an option whose name is that of a secret.
pub(super) fn binding<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let Some(name) = walker.path().last().copied() else {
        return;
    };
    if name == "access-tokens" || walker.path().iter().rev().nth(1) == Some(&"access-tokens") {
        tokens_of_nix(walker, value);
        return;
    }
    // Declarations of options, and the secrets of both tools, say where values are.
    if is_declaration(walker.path()) {
        return;
    }
    let known = file_option(walker.path());
    let Some(naming) = naming(name).or(known.map(|_| Naming::Password)) else {
        return;
    };
    each(walker, value, &mut |walker, one| {
        judge_one(walker, name, naming, one)
    });
}

/// Looks at the default of an option whose name is that of a secret.
pub(super) fn option_default<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    let Some(name) = walker.path().last().copied() else {
        return;
    };
    if let Some(naming) = naming(name) {
        each(walker, value, &mut |walker, one| {
            judge_one(walker, name, naming, one)
        });
    }
}

/// Whether the path is about secrets without being one.
fn is_declaration(path: &[&str]) -> bool {
    let named = |names: &[&str]| path.windows(names.len()).any(|window| window == names);
    named(&["age", "secrets"])
        || named(&["sops", "secrets"])
        || named(&["sops", "templates"])
        || path
            .iter()
            .any(|name| matches!(*name, "options" | "mkOption" | "types" | "publicKeys"))
        || path.iter().rev().nth(1).is_some_and(|name| makes(name))
}

/// Whether a set holds the commands that make what its attributes are called.
fn makes(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map(String::as_str);
    matches!(
        last,
        Some("cmds" | "commands" | "scripts" | "script" | "generators" | "aliases")
    )
}

/// Calls `judge` for every value that an expression may have.
fn each<'t>(
    walker: &mut Walker<'t>,
    value: &'t Tree,
    judge: &mut dyn FnMut(&mut Walker<'t>, &'t Tree),
) {
    let value = unwrapped(walker.syntax, value);
    match &value.node {
        Node::If { yes, no, .. } => {
            each(walker, yes, judge);
            each(walker, no, judge);
        }
        Node::Name(_) => {
            let bound = walker.resolved(value);
            if matches!(bound.node, Node::Text(_)) {
                judge(walker, bound);
            }
        }
        _ => judge(walker, value),
    }
}

fn judge_one<'t>(walker: &mut Walker<'t>, name: &str, naming: Naming, value: &'t Tree) {
    let wants_value = wants_value(walker.path(), naming);
    if let Some(names) = dotted(walker.syntax, value) {
        if wants_value && is_decrypted(&names) {
            let message = format!("'{name}' gets the path of a secret, not its value");
            walker.report(rule::PATH_AS_VALUE, value.span, message);
        }
        return;
    }
    let Some(text) = literal(value) else {
        if wants_value {
            interpolated(walker, name, value);
        }
        return;
    };
    if walker.is_claimed(value.span) {
        return;
    }
    let known = file_option(walker.path());
    let naming = known.map_or(naming, |_| Naming::Password);
    match judge(&text, naming) {
        // Hashes are told by rules of their own.
        Value::Harmless | Value::Hash => return,
        Value::Decrypted if !wants_value => return,
        // A table from names to names of entries elsewhere.
        Value::Secret if known.is_none() && text == name => return,
        Value::Decrypted => {
            walker.claim(value.span);
            let message = format!("'{name}' gets the path of a secret, not its value");
            walker.report(rule::PATH_AS_VALUE, value.span, message);
            return;
        }
        Value::Secret => {}
    }
    walker.claim(value.span);
    let shown = walker.path().join(".");
    if let Some(option) = known {
        let message = format!("the value of '{shown}' stands here, and the module takes a file");
        walker.report_secret(
            rule::FILE_OPTION,
            value.span,
            message,
            format!("use {}", option.instead),
        );
        return;
    }
    let (rule, message) = match is_environment(walker.path()) {
        true => (
            rule::SECRET_ENVIRONMENT,
            format!("the secret '{name}' is in an environment that everybody can read"),
        ),
        false if !crate::shapes::find(&text).is_empty() => {
            (rule::LITERAL_TOKEN, format!("'{name}' is a token in clear"))
        }
        false => (
            rule::LITERAL_SECRET,
            format!("the value of '{name}' stands here in clear"),
        ),
    };
    walker.report_secret(rule, value.span, message, rule.instead.to_owned());
}

/// Whether an option surely takes the secret itself. Many modules read a file wherever settings
/// name one, as `_secret` or in a table of secrets; of those nothing can be told.
fn wants_value(path: &[&str], naming: Naming) -> bool {
    let reads_files = path
        .iter()
        .any(|name| name.to_ascii_lowercase().contains("secret"));
    file_option(path).is_some()
        || is_environment(path)
        || naming == Naming::Password && !reads_files
}

/// `"${config.age.secrets.x.path}"` alone is the path as well.
fn interpolated<'t>(walker: &mut Walker<'t>, name: &str, value: &'t Tree) {
    let pieces = crate::tree::pieces(value);
    if let [crate::tree::Piece::Value(only)] = pieces.as_slice()
        && let Some(names) = dotted(walker.syntax, only)
        && is_decrypted(&names)
        && !std::ptr::eq(*only, value)
    {
        let message = format!("'{name}' gets the path of a secret, not its value");
        walker.report(rule::PATH_AS_VALUE, value.span, message);
    }
}

/// Whether names select the path of a decrypted secret.
pub(super) fn is_decrypted(names: &[&str]) -> bool {
    let [.., last] = names else {
        return false;
    };
    let has = |pair: [&str; 2]| names.windows(2).any(|window| window == pair);
    *last == "path"
        && (has(["age", "secrets"])
            || has(["sops", "secrets"])
            || has(["sops", "templates"])
            || has(["vaultix", "secrets"]))
}

/// Whether an option is about environment variables.
pub(super) fn is_environment(path: &[&str]) -> bool {
    let [before @ .., _] = path else {
        return false;
    };
    before.iter().any(|name| {
        matches!(
            *name,
            "environment"
                | "Environment"
                | "sessionVariables"
                | "extraEnvironment"
                | "environmentVariables"
                | "env"
                | "extraEnv"
        )
    }) && !path.windows(2).any(|pair| pair == ["environment", "etc"])
}

/// `nix.settings.access-tokens`, as text, list or set.
fn tokens_of_nix<'t>(walker: &mut Walker<'t>, value: &'t Tree) {
    match &value.node {
        Node::List(items) => items.iter().for_each(|item| tokens_of_nix(walker, item)),
        _ => {
            let Some(text) = literal(unwrapped(walker.syntax, value)) else {
                return;
            };
            let token = text
                .rsplit_once('=')
                .map_or(text.as_str(), |(_, token)| token)
                .trim();
            if token.len() >= 8
                && !is_placeholder(token)
                && !is_reference(token)
                && !is_public(token)
                && walker.claim(value.span)
            {
                let message = "a token of Nix stands here in clear".to_owned();
                let help = rule::ACCESS_TOKENS.instead.to_owned();
                walker.report_secret(rule::ACCESS_TOKENS, value.span, message, help);
            }
        }
    }
}
