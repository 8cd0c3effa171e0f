//! What is printed at evaluation, and arguments in lists.

use nixseal_nix::syntax::{Node, Part, Tree};

use super::literal::is_decrypted;
use super::read::{Reads, claim_paths, reads};
use crate::rule;
use crate::tree::{call, dotted, is_reader, literal};
use crate::value::{Value, judge};
use crate::walk::Walker;
use crate::words::naming;

/// `builtins.trace` of a secret.
pub(super) fn trace<'t>(
    walker: &mut Walker<'t>,
    tree: &'t Tree,
    name: &str,
    arguments: &'t [Tree],
) {
    let traces = matches!(
        name,
        "trace"
            | "traceVal"
            | "traceSeq"
            | "traceValSeq"
            | "traceSeqN"
            | "traceValSeqN"
            | "traceShowVal"
            | "traceVerbose"
            | "warn"
    );
    if !traces || walker.is_claimed(tree.span) {
        return;
    }
    let shown = match name {
        "traceSeqN" | "traceValSeqN" => arguments.get(1),
        _ => arguments.first(),
    };
    if shown.is_some_and(|shown| is_secret(walker, shown, 0)) && walker.claim(tree.span) {
        arguments
            .iter()
            .for_each(|argument| claim_paths(walker, argument));
        let message = format!("{name} prints a secret");
        walker.report(rule::TRACE_SECRET, tree.span, message);
    }
}

/// Whether an expression gives a secret, or text with one.
fn is_secret<'t>(walker: &Walker<'t>, tree: &'t Tree, depth: usize) -> bool {
    if depth > 8 {
        return false;
    }
    if let Some(names) = dotted(walker.syntax, tree) {
        let named = names.last().is_some_and(|name| naming(name).is_some());
        return named && !is_decrypted(&names);
    }
    if let Some((name, arguments)) = call(walker.syntax, tree) {
        let reads_secret = is_reader(name)
            && arguments.last().is_some_and(|argument| {
                matches!(reads(walker, argument), Reads::Decrypted | Reads::Secret(_))
            });
        return reads_secret
            || !is_reader(name)
                && arguments
                    .iter()
                    .any(|one| is_secret(walker, one, depth + 1));
    }
    match &tree.node {
        Node::Text(parts) => parts.iter().any(|part| match part {
            Part::Value(value) => is_secret(walker, value, depth + 1),
            Part::Text(_) => false,
        }),
        Node::Binary(_, left, right) => {
            is_secret(walker, left, depth + 1) || is_secret(walker, right, depth + 1)
        }
        _ => false,
    }
}

/// `[ "--token" "abc" ]`.
pub(super) fn list<'t>(walker: &mut Walker<'t>, items: &'t [Tree]) {
    for pair in items.windows(2) {
        let [flag, value] = pair else {
            continue;
        };
        let (Some(flag), Some(text)) = (literal(flag), literal(walker.resolved(value))) else {
            continue;
        };
        let Some(name) = flag.strip_prefix('-') else {
            continue;
        };
        let name = name.trim_start_matches('-');
        let Some(naming) = naming(name).filter(|_| !name.contains('=')) else {
            continue;
        };
        if !text.starts_with('-')
            && judge(&text, naming) == Value::Secret
            && walker.claim(value.span)
        {
            let message = format!("the argument of '{flag}' is a secret");
            let help = rule::SECRET_ARGUMENT.instead.to_owned();
            walker.report_secret(rule::SECRET_ARGUMENT, value.span, message, help);
        }
    }
}
