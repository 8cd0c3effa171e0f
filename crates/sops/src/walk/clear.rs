//! Finding values that should be encrypted and are not.

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Scalar, Value};

use super::{Fault, Place, Visitor};

/// Notes where such values stand.
#[derive(Default)]
pub(crate) struct ClearValues {
    pub(crate) found: Vec<String>,
}

impl Visitor for ClearValues {
    fn scalar(
        &mut self,
        scalar: &mut Scalar,
        place: Place<'_>,
    ) -> Result<Option<SecretBytes>, Fault> {
        let clear = match scalar.value() {
            // Neither is ever encrypted.
            Value::Null => false,
            Value::String(text) => !text.is_empty() && !text.expose().starts_with(b"ENC["),
            _ => true,
        };
        if clear && place.encrypted {
            let keys = place.context.strip_suffix(b":").unwrap_or(place.context);
            self.found
                .push(String::from_utf8_lossy(keys).replace(':', "."));
        }
        Ok(None)
    }
}
