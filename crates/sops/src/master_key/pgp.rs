//! OpenPGP keys as master keys.

use nixseal_base::secret::SecretBytes;
use nixseal_pgp::{OpenPgp, Readiness};

use super::{Cost, KeySource, MasterKey, UnwrapFailure};
use crate::metadata::{KeyId, KeyKind};

/// Makes master keys of OpenPGP fingerprints.
pub struct PgpKeys<'a>(&'a dyn OpenPgp);

impl<'a> PgpKeys<'a> {
    /// Keys that `openpgp` works with.
    pub fn new(openpgp: &'a dyn OpenPgp) -> Self {
        Self(openpgp)
    }
}

impl KeySource for PgpKeys<'_> {
    fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>> {
        let key = || PgpKey {
            openpgp: self.0,
            id: id.clone(),
        };
        (id.kind() == KeyKind::Pgp).then(|| Box::new(key()) as Box<dyn MasterKey>)
    }
}

struct PgpKey<'a> {
    openpgp: &'a dyn OpenPgp,
    id: KeyId,
}

impl MasterKey for PgpKey<'_> {
    fn id(&self) -> &KeyId {
        &self.id
    }

    fn cost(&self, enc: &str) -> Cost {
        match self.openpgp.readiness(enc) {
            Readiness::AtHand => Cost::AtHand,
            Readiness::Program => Cost::Program,
            Readiness::Question => Cost::Question,
            Readiness::Hopeless => Cost::Hopeless,
        }
    }

    fn wrap(&self, share: &SecretBytes) -> Result<String, String> {
        self.openpgp
            .encrypt(self.id.field("fp"), share)
            .map_err(|error| error.to_string())
    }

    fn unwrap(&self, enc: &str) -> Result<SecretBytes, UnwrapFailure> {
        self.openpgp
            .decrypt(enc)
            .map_err(|error| UnwrapFailure::new(error.to_string()))
    }
}
