//! All ways to use OpenPGP keys, in the order of `sops`: in this process, then GnuPG.

use std::sync::Arc;

use nixseal_base::env::Environment;
use nixseal_base::prompt::Prompter;
use nixseal_base::secret::SecretBytes;

#[cfg(feature = "openpgp")]
use crate::KeyFiles;
use crate::{Gpg, OpenPgp, PgpError, Readiness};

/// Tries key files and key rings first, GnuPG after them.
pub struct Keys(Vec<Box<dyn OpenPgp>>);

impl Keys {
    /// The keys that `environment` names; `prompter` is asked for passphrases of keys that are
    /// used in this process. Nothing is read or run yet.
    pub fn new(environment: &Environment, prompter: Arc<dyn Prompter>) -> Self {
        let gpg: Box<dyn OpenPgp> = Box::new(Gpg::new(environment));
        #[cfg(feature = "openpgp")]
        let ways: Vec<Box<dyn OpenPgp>> = vec![Box::new(KeyFiles::new(environment, prompter)), gpg];
        #[cfg(not(feature = "openpgp"))]
        let ways = {
            drop(prompter);
            vec![gpg]
        };
        Self(ways)
    }

    /// Ways that the caller chose, in their order.
    pub fn of(ways: Vec<Box<dyn OpenPgp>>) -> Self {
        Self(ways)
    }

    fn first<T>(
        &self,
        attempt: impl Fn(&dyn OpenPgp) -> Result<T, PgpError>,
    ) -> Result<T, PgpError> {
        let mut errors = Vec::new();
        for way in &self.0 {
            match attempt(way.as_ref()) {
                Ok(done) => return Ok(done),
                Err(error) => errors.push(error),
            }
        }
        Err(PgpError::All(errors))
    }
}

impl OpenPgp for Keys {
    fn encrypt(&self, fingerprint: &str, plaintext: &SecretBytes) -> Result<String, PgpError> {
        self.first(|way| way.encrypt(fingerprint, plaintext))
    }

    fn decrypt(&self, message: &str) -> Result<SecretBytes, PgpError> {
        self.first(|way| way.decrypt(message))
    }

    /// That of the first way that may work, since this is the one that will be tried.
    fn readiness(&self, message: &str) -> Readiness {
        let mut ways = self.0.iter().map(|way| way.readiness(message));
        ways.find(|readiness| *readiness != Readiness::Hopeless)
            .unwrap_or(Readiness::Hopeless)
    }
}
