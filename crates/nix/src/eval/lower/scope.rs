//! The static scopes around an expression while it is lowered.

use crate::eval::symbol::{Symbol, Symbols};

/// One level, which is one environment when evaluating.
pub(super) enum Scope {
    /// Names with their slots, sorted by name.
    Names(Vec<(Symbol, u32)>),
    /// `with`: its names are known only when evaluating.
    With,
}

impl Scope {
    /// Names in the order of their slots.
    pub(super) fn names(names: impl IntoIterator<Item = Symbol>) -> Self {
        let mut names: Vec<_> = names.into_iter().zip(0..).collect();
        names.sort_unstable();
        Self::Names(names)
    }
}

/// Where a name was found.
pub(super) enum Found {
    Local {
        up: u32,
        slot: u32,
    },
    /// Perhaps in one of these `with` scopes, innermost first.
    Scoped(Box<[u32]>),
    Nowhere,
}

/// All levels, innermost last.
#[derive(Default)]
pub(super) struct Scopes(Vec<Scope>);

impl Scopes {
    pub(super) fn push(&mut self, scope: Scope) {
        self.0.push(scope);
    }

    pub(super) fn pop(&mut self) -> Option<Scope> {
        self.0.pop()
    }

    /// A lexical name wins over any `with`, however near that is.
    pub(super) fn find(&self, name: Symbol) -> Found {
        let mut withs = Vec::new();
        for (up, scope) in (0..).zip(self.0.iter().rev()) {
            match scope {
                Scope::With => withs.push(up),
                Scope::Names(names) => {
                    let found = names.binary_search_by_key(&name, |(name, _)| *name);
                    if let Some((_, slot)) = found.ok().and_then(|index| names.get(index)) {
                        return Found::Local { up, slot: *slot };
                    }
                }
            }
        }
        if withs.is_empty() {
            Found::Nowhere
        } else {
            Found::Scoped(withs.into())
        }
    }

    /// A name in scope that looks like a mistyped `wanted`.
    pub(super) fn similar(&self, wanted: &str, symbols: &Symbols) -> Option<String> {
        let names = self.0.iter().rev().filter_map(|scope| match scope {
            Scope::Names(names) => Some(names),
            Scope::With => None,
        });
        names
            .flatten()
            .map(|(name, _)| symbols.show(*name))
            .find(|name| one_edit(name, wanted))
    }
}

/// Whether one letter more, less, changed or two swapped make them equal.
fn one_edit(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let prefix = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[prefix..], &right[prefix..]);
    let suffix = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    match (&left[..left.len() - suffix], &right[..right.len() - suffix]) {
        ([], [_]) | ([_], [] | [_]) => prefix + suffix > 0,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_one_edit_away() {
        for other in ["alic", "allice", "alixe", "ailce"] {
            assert!(one_edit("alice", other), "{other}");
        }
        for other in ["alice", "bob", "al", "ecila"] {
            assert!(!one_edit("alice", other), "{other}");
        }
    }
}
