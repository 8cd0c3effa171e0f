//! What is looked for: every part of every value in every encoding.

use std::collections::HashMap;

use nixseal_base::secret::SecretBytes;

use crate::encode::{Encoding, forms};
use crate::value::{LONGEST, NamedValue, Part, Unsearchable, pieces};

/// Bytes to look for and what they mean.
pub struct Pattern {
    /// The bytes.
    pub(crate) bytes: SecretBytes,
    /// Number of the secret in [`Patterns::secrets`].
    pub secret: usize,
    /// Which part of it.
    pub part: Part,
    /// How it is written.
    pub encoding: Encoding,
}

/// All patterns of a run.
#[derive(Default)]
pub struct Patterns {
    /// Names of the secrets.
    pub secrets: Vec<String>,
    /// Values that are not looked for.
    pub unsearchable: Vec<Unsearchable>,
    pub(crate) all: Vec<Pattern>,
}

impl Patterns {
    /// The patterns of `values`; equal bytes are looked for once, under the first name.
    pub fn new(values: impl IntoIterator<Item = NamedValue>) -> Self {
        let mut made = Self::default();
        let mut known = Known::default();
        for named in values {
            match pieces(&named) {
                Err(unsearchable) => made.unsearchable.push(unsearchable),
                Ok(pieces) => {
                    let secret = made.secrets.len();
                    made.secrets.push(named.name.clone());
                    for piece in pieces {
                        for form in forms(piece.bytes.expose()) {
                            let bytes = shortened(form.bytes);
                            if known.add(&bytes, &made.all) {
                                made.all.push(Pattern {
                                    bytes,
                                    secret,
                                    part: piece.part.clone(),
                                    encoding: form.encoding,
                                });
                            }
                        }
                    }
                }
            }
        }
        made
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// An encoded value need not be compared to its end.
fn shortened(bytes: SecretBytes) -> SecretBytes {
    match bytes.expose().get(..LONGEST) {
        Some(begin) => SecretBytes::copy_of(begin),
        None => bytes,
    }
}

/// Finds equal patterns without a copy of them.
#[derive(Default)]
struct Known(HashMap<u64, Vec<usize>>);

impl Known {
    /// Whether `bytes` are new; they must then become the next of `all`.
    fn add(&mut self, bytes: &SecretBytes, all: &[Pattern]) -> bool {
        use std::hash::{DefaultHasher, Hasher as _};
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes.expose());
        let same = self.0.entry(hasher.finish()).or_default();
        let is_known = |index: &usize| all.get(*index).is_some_and(|known| known.bytes == *bytes);
        if same.iter().any(is_known) {
            return false;
        }
        same.push(all.len());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, value: &str) -> NamedValue {
        NamedValue {
            name: name.to_owned(),
            value: SecretBytes::copy_of(value.as_bytes()),
            is_file: true,
        }
    }

    #[test]
    fn equal_values_are_looked_for_once() {
        let one = Patterns::new([named("a", "k8Jq-w2Lx")]);
        let two = Patterns::new([named("a", "k8Jq-w2Lx"), named("b", "k8Jq-w2Lx\n")]);
        assert_eq!(one.len(), two.len());
        assert!(two.all.iter().all(|pattern| pattern.secret == 0));
    }

    #[test]
    fn unsearchable_values_are_told() {
        let patterns = Patterns::new([named("a", "true"), named("b", "k8Jq-w2Lx")]);
        assert_eq!(patterns.secrets, ["b"]);
        assert_eq!(patterns.unsearchable[0].name, "a");
    }
}
