//! All keys of one run, for SOPS files.
//!
//! Identities are unlocked by the one keyring. What was unwrapped once is remembered by its
//! wrapped text, so that several versions of one file cost one question or one run of `gpg`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use nixseal_age::keyring::{Interaction, Keyring};
use nixseal_base::secret::SecretBytes;
use nixseal_pgp::OpenPgp;
use nixseal_sops::key_groups::{DecryptionOrder, Owners};
use nixseal_sops::master_key::{
    AgeKeys, Cost, KeySource, KeySources, MasterKey, PgpKeys, UnwrapFailure,
};
use nixseal_sops::{DataKey, Envelope, Error, KeyId, Metadata};

type Unwrapped = Result<SecretBytes, UnwrapFailure>;

/// The master keys of a run.
pub struct SopsKeys<'a> {
    age: AgeKeys<'a>,
    pgp: PgpKeys<'a>,
    order: DecryptionOrder,
    unwrapped: Mutex<HashMap<String, Unwrapped>>,
}

impl<'a> SopsKeys<'a> {
    /// Keys that `keyring` and `openpgp` open, tried in `order`.
    pub fn new(
        keyring: &'a Keyring,
        interaction: &'a Arc<Interaction>,
        openpgp: &'a dyn OpenPgp,
        order: DecryptionOrder,
    ) -> Self {
        Self {
            age: AgeKeys::new(keyring, interaction),
            pgp: PgpKeys::new(openpgp),
            order,
            unwrapped: Mutex::default(),
        }
    }

    /// For what wraps data keys, and for [`nixseal_sops`] itself.
    pub fn sources(&self) -> KeySources<'_> {
        KeySources::new(vec![self])
    }

    /// The order in which keys are tried.
    pub fn order(&self) -> &DecryptionOrder {
        &self.order
    }

    /// Recovers the data key of a file; `owners` name recipients in the failure.
    ///
    /// # Errors
    /// [`Error::Recovery`].
    pub fn unlock(&self, envelope: &Envelope, owners: &Owners) -> Result<DataKey, Error> {
        envelope.unlock(&self.sources(), &self.order, owners)
    }

    /// What it takes to open a file, as far as can be told without asking anybody or running
    /// anything: [`Cost::AtHand`] is yes, [`Cost::Hopeless`] no, what is between perhaps.
    pub fn cost(&self, metadata: &Metadata) -> Cost {
        let cheapest = |group: &Vec<nixseal_sops::WrappedKey>| {
            let costs = group.iter().map(|key| match self.master_key(&key.id) {
                Some(master) => master.cost(&key.enc),
                None => Cost::Hopeless,
            });
            costs.min().unwrap_or(Cost::Hopeless)
        };
        let mut costs: Vec<Cost> = metadata.groups.iter().map(cheapest).collect();
        costs.sort_unstable();
        let required = match (costs.len(), metadata.shamir_threshold) {
            (0 | 1, _) => 1,
            (count, 0) => count,
            (_, threshold) => threshold as usize,
        };
        let dearest = required.checked_sub(1).and_then(|last| costs.get(last));
        dearest.copied().unwrap_or(Cost::Hopeless)
    }

    fn known(&self, enc: &str) -> Option<Unwrapped> {
        let known = self
            .unwrapped
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(match known.get(enc)? {
            Ok(share) => Ok(share.duplicate()),
            Err(failure) => Err(failure.clone()),
        })
    }

    fn remember(&self, enc: &str, unwrapped: &Unwrapped) {
        let copy = match unwrapped {
            Ok(share) => Ok(share.duplicate()),
            Err(failure) => Err(failure.clone()),
        };
        let mut known = self
            .unwrapped
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(enc.to_owned(), copy);
    }
}

impl KeySource for SopsKeys<'_> {
    fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>> {
        let inner = self
            .age
            .master_key(id)
            .or_else(|| self.pgp.master_key(id))?;
        Some(Box::new(Remembering { inner, keys: self }))
    }
}

/// A master key that is asked once for each wrapped text.
struct Remembering<'a> {
    inner: Box<dyn MasterKey + 'a>,
    keys: &'a SopsKeys<'a>,
}

impl MasterKey for Remembering<'_> {
    fn id(&self) -> &KeyId {
        self.inner.id()
    }

    fn cost(&self, enc: &str) -> Cost {
        self.inner.cost(enc)
    }

    fn wrap(&self, share: &SecretBytes) -> Result<String, String> {
        self.inner.wrap(share)
    }

    fn unwrap(&self, enc: &str) -> Unwrapped {
        if let Some(known) = self.keys.known(enc) {
            return known;
        }
        let unwrapped = self.inner.unwrap(enc);
        self.keys.remember(enc, &unwrapped);
        unwrapped
    }
}
