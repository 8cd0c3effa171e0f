//! Kinds of master keys that nothing here can use.

use nixseal_base::secret::SecretBytes;

use super::{Cost, MasterKey, UnwrapFailure};
use crate::metadata::KeyId;

/// A key that is only carried along.
#[derive(Clone, Debug)]
pub struct Foreign {
    id: KeyId,
}

impl Foreign {
    /// Any key.
    pub fn new(id: KeyId) -> Self {
        Self { id }
    }

    fn reason(&self) -> String {
        format!("{} keys are not supported yet", self.id.kind().title())
    }
}

impl MasterKey for Foreign {
    fn id(&self) -> &KeyId {
        &self.id
    }

    fn cost(&self, _enc: &str) -> Cost {
        Cost::Hopeless
    }

    fn wrap(&self, _share: &SecretBytes) -> Result<String, String> {
        Err(self.reason())
    }

    fn unwrap(&self, _enc: &str) -> Result<SecretBytes, UnwrapFailure> {
        Err(UnwrapFailure::new(self.reason()))
    }
}
