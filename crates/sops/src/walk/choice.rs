//! Whether a selector chooses anything of a document in clear.

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Map, Scalar};

use super::{Fault, Place, Visitor, WalkError, walk};
use crate::plain::plain;
use crate::selector::Selector;

/// Whether `selector` chooses any value that is not empty; comments do not count. Nothing is
/// changed.
///
/// # Errors
/// When the documents are nested too deeply.
pub fn selects(documents: &mut [Map], selector: &Selector) -> Result<bool, WalkError> {
    let mut choice = Choice(false);
    walk(documents, selector, &mut choice)?;
    Ok(choice.0)
}

struct Choice(bool);

impl Visitor for Choice {
    fn scalar(
        &mut self,
        scalar: &mut Scalar,
        place: Place<'_>,
    ) -> Result<Option<SecretBytes>, Fault> {
        let filled = || plain(scalar.value()).is_some_and(|(bytes, _)| !bytes.is_empty());
        self.0 |= place.encrypted && filled();
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use nixseal_document::{Format, parse};

    use super::*;
    use crate::selector::SelectorKind;

    #[test]
    fn values_that_would_be_encrypted_count() {
        let selector = Selector::new(SelectorKind::EncryptedRegex, "^(data|stringData)$").unwrap();
        for (text, expected) in [
            ("kind: Deployment\nspec: {a: 1}\n", false),
            ("kind: Secret\ndata: {a: eA==}\n", true),
            ("kind: Secret\ndata: {a: '', b: null}\n", false),
        ] {
            let mut document = parse(Format::Yaml, text.as_bytes()).unwrap();
            let selects = selects(&mut document.branches, &selector).unwrap();
            assert_eq!(selects, expected, "{text}");
        }
    }
}
