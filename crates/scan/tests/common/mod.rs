//! What the tests share.

use std::collections::HashSet;
use std::path::PathBuf;

use nixseal_base::secret::SecretBytes;
use nixseal_scan::matcher::{Matcher, Occurrence};
use nixseal_scan::pattern::Patterns;
use nixseal_scan::value::NamedValue;
use nixseal_scan::walk::{Outcome, Search};

/// A search for some values, called `0`, `1` and so on.
pub(crate) fn matcher<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Matcher {
    let named = |(number, value): (usize, V)| NamedValue {
        name: number.to_string(),
        value: SecretBytes::copy_of(value.as_ref()),
        is_file: false,
    };
    Matcher::new(Patterns::new(values.into_iter().enumerate().map(named)))
}

/// What is found in a text.
#[allow(dead_code, reason = "not every test uses it")]
pub(crate) fn found(matcher: &Matcher, text: &[u8]) -> Vec<Occurrence> {
    let mut found = Vec::new();
    matcher.search(text, &mut found);
    found
}

/// What is found below some paths.
#[allow(dead_code, reason = "not every test uses it")]
pub(crate) fn walk<V: AsRef<[u8]>>(
    values: impl IntoIterator<Item = V>,
    roots: &[PathBuf],
) -> Outcome {
    let search = Search {
        values: Some(matcher(values)),
        shapes: None,
    };
    search.walk(roots, &HashSet::new(), &())
}
