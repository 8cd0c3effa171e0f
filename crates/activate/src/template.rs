//! Texts with secrets in them.
//!
//! Placeholders are found in one pass over the text: what a secret puts in is never looked at
//! again, and where one placeholder is the beginning of another, the longer one counts.

use std::collections::BTreeMap;

use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

/// What sops-nix begins and ends placeholders with.
const BEGIN: &str = "<SOPS:";
const END: &str = ":PLACEHOLDER>";

/// A text taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// As it stands there.
    Text(&'a str),
    /// The value of the secret of that index.
    Secret(usize),
    /// A placeholder that nothing stands for.
    Unknown(&'a str),
}

/// Placeholders and which secret each stands for.
#[derive(Default)]
pub(crate) struct Placeholders<'a> {
    /// By first byte, the longest first.
    by_first: BTreeMap<u8, Vec<(&'a str, usize)>>,
}

impl<'a> Placeholders<'a> {
    pub(crate) fn new(all: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        let mut by_first: BTreeMap<u8, Vec<(&str, usize)>> = BTreeMap::new();
        for (text, secret) in all {
            if let Some(first) = text.bytes().next() {
                by_first.entry(first).or_default().push((text, secret));
            }
        }
        for list in by_first.values_mut() {
            list.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
        Self { by_first }
    }

    /// Takes a text apart.
    pub(crate) fn split<'t>(&self, text: &'t str) -> Vec<Part<'t>> {
        let mut parts = Vec::new();
        let (mut start, mut at) = (0, 0);
        let bytes = text.as_bytes();
        while let Some(byte) = bytes.get(at) {
            let rest = text.get(at..).unwrap_or_default();
            let found = self
                .by_first
                .get(byte)
                .and_then(|list| list.iter().find(|(known, _)| rest.starts_with(known)))
                .map(|(known, secret)| (known.len(), Part::Secret(*secret)));
            let unknown = || {
                let length = unresolved(rest)?;
                Some((length, Part::Unknown(rest.get(..length)?)))
            };
            match found.or_else(unknown) {
                Some((length, part)) => {
                    if start < at {
                        parts.push(Part::Text(text.get(start..at).unwrap_or_default()));
                    }
                    parts.push(part);
                    at += length;
                    start = at;
                }
                None => at += 1,
            }
        }
        if start < bytes.len() {
            parts.push(Part::Text(text.get(start..).unwrap_or_default()));
        }
        parts
    }
}

/// The length of a placeholder at the beginning of `text`.
fn unresolved(text: &str) -> Option<usize> {
    let inner = text.strip_prefix(BEGIN)?;
    let digits = inner.bytes().take_while(u8::is_ascii_alphanumeric).count();
    inner
        .get(digits..)?
        .starts_with(END)
        .then_some(BEGIN.len() + digits + END.len())
}

/// Puts the text together; `value` gives what each secret has.
pub(crate) fn render<'v>(
    parts: &[Part<'_>],
    value: impl Fn(usize) -> Option<&'v [u8]>,
) -> Option<SecretBytes> {
    let bytes = |part: &Part<'_>| match part {
        Part::Text(text) | Part::Unknown(text) => Some(text.len()),
        Part::Secret(secret) => Some(value(*secret)?.len()),
    };
    let length: Option<usize> = parts.iter().map(bytes).sum();
    // Never grown: that would leave copies behind.
    let mut result = Zeroizing::new(Vec::with_capacity(length?));
    for part in parts {
        match part {
            Part::Text(text) | Part::Unknown(text) => result.extend_from_slice(text.as_bytes()),
            Part::Secret(secret) => result.extend_from_slice(value(*secret)?),
        }
    }
    Some(SecretBytes::new(std::mem::take(&mut *result)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(placeholders: &[&str], values: &[&str], text: &str) -> String {
        let numbered = placeholders.iter().enumerate();
        let placeholders = Placeholders::new(numbered.map(|(index, text)| (*text, index)));
        let parts = placeholders.split(text);
        let bytes = render(&parts, |index| {
            values.get(index).map(|value| value.as_bytes())
        });
        String::from_utf8(bytes.unwrap().expose().to_vec()).unwrap()
    }

    #[test]
    fn one_pass_and_the_longest_first() {
        assert_eq!(rendered(&["A", "AB"], &["1", "2"], "xABAx"), "x21x");
        // A value that looks like a placeholder stays as it is.
        assert_eq!(rendered(&["A", "B"], &["B", "2"], "AB"), "B2");
        assert_eq!(rendered(&["€"], &["ü"], "ä€ö€"), "äüöü");
        assert_eq!(rendered(&["A"], &["1"], ""), "");
    }

    #[test]
    fn unresolved_placeholders_are_seen() {
        let placeholders = Placeholders::new([("<SOPS:aa:PLACEHOLDER>", 0)]);
        let parts = placeholders.split("<SOPS:aa:PLACEHOLDER> <SOPS:ab:PLACEHOLDER> <SOPS:");
        assert_eq!(
            parts,
            [
                Part::Secret(0),
                Part::Text(" "),
                Part::Unknown("<SOPS:ab:PLACEHOLDER>"),
                Part::Text(" <SOPS:"),
            ]
        );
    }

    #[test]
    fn a_missing_value_gives_no_text() {
        let parts = [Part::Text("a"), Part::Secret(0)];
        assert!(render(&parts, |_| None).is_none());
    }
}
