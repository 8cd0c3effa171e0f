//! Keys in files, used in this process: exported keys and key rings.
//!
//! The files of `NIXSEAL_PGP_KEY_FILE` come first, then what GnuPG keeps in its folder:
//! `secring.gpg` (before 2.1) for private keys; it, `pubring.gpg` and `pubring.kbx` for public
//! ones. Private keys of a GnuPG since 2.1 belong to its agent: those are left to it.
//!
//! Files are read once per run, when they are needed, and a passphrase is asked for once per key.

mod armor;
mod certificate;
mod keybox;
mod message;
mod name;
mod packets;
mod places;
mod secrets;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use nixseal_base::env::Environment;
use nixseal_base::prompt::{Nobody, Prompter};
use nixseal_base::secret::{SecretBytes, SecretText};

use pgp::types::KeyDetails as _;

use crate::{OpenPgp, PgpError, Readiness};
use certificate::{Belonging, RecipientKey};
use message::SealedMessage;
use name::KeyName;
use places::Places;
use secrets::{Secrets, Unlocking};

/// OpenPGP with the keys of files.
pub struct KeyFiles {
    places: Places,
    prompter: Arc<dyn Prompter>,
    secrets: OnceLock<Secrets>,
    /// By the name that the user gave.
    recipients: Mutex<BTreeMap<String, Arc<RecipientKey>>>,
}

impl KeyFiles {
    /// The files that `environment` names; `prompter` is asked for passphrases. Nothing is read
    /// yet.
    pub fn new(environment: &Environment, prompter: Arc<dyn Prompter>) -> Self {
        Self {
            places: Places::new(environment),
            prompter,
            secrets: OnceLock::new(),
            recipients: Mutex::default(),
        }
    }

    /// Private keys that are at hand already, armored and without protection; no file is looked
    /// at. `name` says in failures what they are.
    pub fn at_hand(keys: &[SecretText], name: &'static str) -> Self {
        let mut secrets = Secrets::default();
        for key in keys {
            match armor::keys(key.expose().as_bytes()) {
                Ok(keys) => secrets.add(keys.expose()),
                Err(reason) => secrets.add_problem(reason),
            }
        }
        Self {
            places: Places::none(name),
            prompter: Arc::new(Nobody),
            secrets: OnceLock::from(secrets),
            recipients: Mutex::default(),
        }
    }

    fn secrets(&self) -> &Secrets {
        self.secrets.get_or_init(|| {
            let mut secrets = Secrets::default();
            for place in self.places.secret() {
                match place.read() {
                    Ok(Some(content)) => secrets.add(content.expose()),
                    Ok(None) => {}
                    Err(error) => secrets.add_problem(error.to_string()),
                }
            }
            secrets
        })
    }

    /// The key to encrypt to, from the first place that has a usable one; found once per run.
    fn recipient(&self, name: &KeyName) -> Result<Arc<RecipientKey>, PgpError> {
        let mut known = self
            .recipients
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(&name.to_string()) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.find(name)?);
        known.insert(name.to_string(), Arc::clone(&key));
        Ok(key)
    }

    fn find(&self, name: &KeyName) -> Result<RecipientKey, PgpError> {
        let mut problems = Vec::new();
        let mut found = Vec::new();
        for place in self.places.public() {
            match place.certificates(name) {
                Ok(certificates) => {
                    let known = certificates.into_iter().map(|certificate| {
                        let belonging = certificate::belonging(&certificate, name);
                        (belonging, place, certificate)
                    });
                    found.extend(known.filter(|(how, ..)| *how != Belonging::Claimed));
                }
                Err(error) => problems.push(error),
            }
        }
        let unusable = |reason: String| PgpError::Unusable {
            key: name.to_string(),
            reason,
        };
        // Anybody can bind somebody's key to a certificate of his own: the key itself has priority.
        if found.iter().any(|(how, ..)| *how == Belonging::Primary) {
            found.retain(|(how, ..)| *how == Belonging::Primary);
        }
        let mut owners = found.iter().map(|(_, _, key)| key.fingerprint());
        let first = owners.next();
        if owners.any(|owner| Some(owner) != first) {
            return Err(unusable(
                "several certificates have a key of that name".to_owned(),
            ));
        }
        for (_, place, certificate) in &found {
            match certificate::encryption_key(certificate, name, SystemTime::now()) {
                Ok(key) => return Ok(key),
                Err(reason) => {
                    problems.push(unusable(format!("{reason} (in {})", place.shown())));
                }
            }
        }
        if problems.is_empty() {
            let places = self.places.explain(self.places.public());
            problems.push(PgpError::NoKey(format!("key {name} is not in {places}")));
        }
        Err(PgpError::All(problems))
    }
}

impl OpenPgp for KeyFiles {
    fn encrypt(&self, fingerprint: &str, plaintext: &SecretBytes) -> Result<String, PgpError> {
        let name = KeyName::parse(fingerprint)
            .ok_or_else(|| PgpError::Fingerprint(fingerprint.to_owned()))?;
        message::seal(self.recipient(&name)?.as_ref(), plaintext)
    }

    fn decrypt(&self, message: &str) -> Result<SecretBytes, PgpError> {
        let sealed = SealedMessage::parse(message)?;
        let secrets = self.secrets();
        let mut problems = Vec::new();
        for candidate in secrets.candidates(&sealed) {
            let key = candidate.unlock(secrets, self.prompter.as_ref());
            match key.and_then(|key| sealed.open(&key)) {
                Ok(plaintext) => return Ok(plaintext),
                Err(error) => problems.push(error),
            }
        }
        if problems.is_empty() {
            problems.extend(secrets.problems().iter().cloned().map(PgpError::File));
            let wanted = sealed.recipients();
            let places = self.places.explain(self.places.secret());
            let line = format!("no private key for {wanted} is in {places}");
            problems.push(PgpError::NoKey(line));
        }
        Err(PgpError::All(problems))
    }

    fn readiness(&self, message: &str) -> Readiness {
        let Ok(sealed) = SealedMessage::parse(message) else {
            return Readiness::Hopeless;
        };
        let candidates = self.secrets().candidates(&sealed);
        match candidates.iter().map(|candidate| candidate.state()).min() {
            Some(Unlocking::Done) => Readiness::AtHand,
            Some(Unlocking::Needed) => Readiness::Question,
            Some(Unlocking::Refused) | None => Readiness::Hopeless,
        }
    }
}
