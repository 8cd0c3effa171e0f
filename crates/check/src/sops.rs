//! SOPS files and their creation rules.

use nixseal_repository::sops::plan::Plan;

use crate::finder::Finder;
use crate::rule;

/// Tells what the comparison of a tree found.
pub(crate) fn look(finder: &mut Finder<'_>, plan: &mut Plan) {
    for one in &plan.broken {
        finder.diagnostic(rule::RULES_UNUSABLE, one);
    }
    for one in &plan.odd {
        finder.diagnostic(rule::RULES_ODD, one);
    }
    for path in &plan.clear {
        finder.file(
            rule::NOT_ENCRYPTED,
            path,
            "a creation rule is for it, and it is in clear",
        );
    }
    for (path, error) in &plan.bad {
        finder.file(rule::DAMAGED_FILE, path, error.to_string());
    }
    for item in &mut plan.items {
        if !item.drift.is_none() {
            let difference = item.drift.summary(&item.rules.config.owners);
            finder.file(
                rule::DRIFT,
                &item.path,
                format!("it differs from its rule: {difference}"),
            );
        }
        match item.file.encrypted.values_in_clear() {
            Ok(keys) if keys.is_empty() => {}
            Ok(keys) => {
                let message = format!("it has values in clear: '{}'", keys.join("', '"));
                finder.file(rule::NOT_ENCRYPTED, &item.path, message);
            }
            Err(error) => finder.file(rule::DAMAGED_FILE, &item.path, error.to_string()),
        }
    }
}
