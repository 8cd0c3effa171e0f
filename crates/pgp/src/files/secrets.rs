//! Private keys: which there are, and unlocking each at most once per run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nixseal_base::prompt::{PromptError, Prompter};
use nixseal_base::secret::SecretText;
use pgp::errors::Error;
use pgp::packet::{Packet, SecretKey, SecretSubkey};
use pgp::types::{
    EcdhPublicParams, Fingerprint, KeyDetails, Password, PublicParams, S2kParams, SecretParams,
    StringToKey,
};
use zeroize::Zeroizing;

use super::certificate::{RecipientKey, can_encrypt};
use super::message::SealedMessage;
use super::packets::{Blocks, Frame, Frames, SECRET_KEY, SECRET_SUBKEY, USER_ID};
use crate::{PgpError, reason};

/// How often a passphrase may be mistyped.
const ATTEMPTS: u32 = 3;
const STUB: &str = "the file has only a place-holder for it; it may be on a card";
const UNSUPPORTED: &str = "only GnuPG can use keys of its kind";

/// A private key; in the clear, unless it is a [`State::Locked`] one.
#[derive(Clone)]
pub(super) enum PrivateKey {
    Primary(SecretKey),
    Subkey(SecretSubkey),
}

/// All private keys that can decrypt.
#[derive(Default)]
pub(super) struct Secrets {
    keys: Vec<SecretEntry>,
    /// What was wrong with a file, one line each.
    problems: Vec<String>,
    /// Passphrases that opened a key, with the fingerprint of the primary one: subkeys mostly have
    /// the same.
    passphrases: Mutex<Vec<(Fingerprint, SecretText)>>,
}

/// One private key.
pub(super) struct SecretEntry {
    /// The fingerprint of the primary key.
    certificate: Fingerprint,
    /// The public half, by which messages name it.
    identity: RecipientKey,
    /// The first user ID, for questions.
    owner: String,
    state: Mutex<State>,
}

enum State {
    Open(Arc<PrivateKey>),
    Locked(Box<PrivateKey>),
    Refused(String),
}

/// Whether a key still has to be unlocked, cheap before dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unlocking {
    Done,
    Needed,
    Refused,
}

impl PrivateKey {
    fn details(&self) -> &dyn KeyDetails {
        match self {
            Self::Primary(key) => key,
            Self::Subkey(key) => key,
        }
    }

    fn public(&self) -> RecipientKey {
        match self {
            Self::Primary(key) => RecipientKey::Primary(key.public_key().clone()),
            Self::Subkey(key) => RecipientKey::Subkey(key.public_key().clone()),
        }
    }

    fn parameters(&self) -> &SecretParams {
        match self {
            Self::Primary(key) => key.secret_params(),
            Self::Subkey(key) => key.secret_params(),
        }
    }

    /// The key in the clear.
    fn unlock(&self, passphrase: &SecretText) -> pgp::errors::Result<Self> {
        let passphrase = Zeroizing::new(passphrase.expose().as_bytes().to_vec());
        let passphrase = Password::Static(passphrase);
        let mut key = self.clone();
        match &mut key {
            Self::Primary(key) => key.remove_password(&passphrase)?,
            Self::Subkey(key) => key.remove_password(&passphrase)?,
        }
        Ok(key)
    }

    /// Whether the library can decrypt with it.
    fn is_supported(&self) -> bool {
        match self.details().public_params() {
            PublicParams::RSA(_) | PublicParams::X25519(_) | PublicParams::X448(_) => true,
            PublicParams::ECDH(parameters) => matches!(
                parameters,
                EcdhPublicParams::Curve25519Legacy { .. }
                    | EcdhPublicParams::P256 { .. }
                    | EcdhPublicParams::P384 { .. }
                    | EcdhPublicParams::P521 { .. }
            ),
            _ => false,
        }
    }

    /// GnuPG leaves such a place-holder where the key itself is elsewhere, such as on a card.
    fn is_stub(&self) -> bool {
        let SecretParams::Encrypted(parameters) = self.parameters() else {
            return false;
        };
        match parameters.string_to_key_params() {
            S2kParams::Cfb { s2k, .. }
            | S2kParams::MalleableCfb { s2k, .. }
            | S2kParams::Aead { s2k, .. } => matches!(s2k, StringToKey::Private { .. }),
            _ => false,
        }
    }
}

impl Secrets {
    /// Takes over the keys of a ring. Those that cannot decrypt are left out.
    pub(super) fn add(&mut self, ring: &[u8]) {
        for block in Blocks::new(ring) {
            let mut certificate = None;
            let mut owner = String::new();
            let before = self.keys.len();
            let wanted =
                |frame: &Frame<'_>| matches!(frame.tag, SECRET_KEY | SECRET_SUBKEY | USER_ID);
            for packet in Frames::new(block)
                .filter(wanted)
                .filter_map(|frame| frame.parse())
            {
                let key = match packet {
                    Packet::SecretKey(key) => PrivateKey::Primary(key),
                    Packet::SecretSubkey(key) => PrivateKey::Subkey(key),
                    Packet::UserId(user) if owner.is_empty() => {
                        let text = String::from_utf8_lossy(user.id()).into_owned();
                        owner = text.chars().filter(|letter| !letter.is_control()).collect();
                        continue;
                    }
                    _ => continue,
                };
                let primary = certificate.get_or_insert_with(|| key.details().fingerprint());
                if can_encrypt(key.details().algorithm()) {
                    self.keys.push(SecretEntry::new(primary.clone(), key));
                }
            }
            for entry in self.keys.iter_mut().skip(before) {
                entry.owner.clone_from(&owner);
            }
        }
    }

    /// Notes what was wrong with a file.
    pub(super) fn add_problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// What was wrong with files, one line each.
    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The keys that may open a message: those it names before those it may be for, and unlocked
    /// ones before others.
    pub(super) fn candidates(&self, message: &SealedMessage) -> Vec<&SecretEntry> {
        let matching = self.keys.iter().filter_map(|entry| {
            let named = message.is_for(&entry.identity)?;
            Some(((!named, entry.state()), entry))
        });
        let mut matching: Vec<_> = matching.collect();
        matching.sort_by_key(|(order, _)| *order);
        matching.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Opens `key` with a passphrase that opened another key of the same certificate.
    fn open_as_others(&self, certificate: &Fingerprint, key: &PrivateKey) -> Option<PrivateKey> {
        let passphrases = take(&self.passphrases);
        let known = passphrases.iter().filter(|(owner, _)| owner == certificate);
        known
            .map(|(_, passphrase)| passphrase)
            .find_map(|passphrase| key.unlock(passphrase).ok())
    }
}

impl SecretEntry {
    fn new(certificate: Fingerprint, key: PrivateKey) -> Self {
        Self {
            certificate,
            identity: key.public(),
            owner: String::new(),
            state: Mutex::new(match key.parameters() {
                _ if key.is_stub() => State::Refused(STUB.to_owned()),
                _ if !key.is_supported() => State::Refused(UNSUPPORTED.to_owned()),
                SecretParams::Plain(_) => State::Open(Arc::new(key)),
                SecretParams::Encrypted(_) => State::Locked(Box::new(key)),
            }),
        }
    }

    /// Whether it has to be unlocked.
    pub(super) fn state(&self) -> Unlocking {
        match *take(&self.state) {
            State::Open(_) => Unlocking::Done,
            State::Locked(_) => Unlocking::Needed,
            State::Refused(_) => Unlocking::Refused,
        }
    }

    /// The key in the clear. Asks at most once per run, however often it is needed.
    pub(super) fn unlock(
        &self,
        secrets: &Secrets,
        prompter: &dyn Prompter,
    ) -> Result<Arc<PrivateKey>, PgpError> {
        let mut state = take(&self.state);
        if let State::Locked(key) = &*state {
            let opened = match secrets.open_as_others(&self.certificate, key) {
                Some(key) => Ok(key),
                None => self.ask(key, secrets, prompter),
            };
            *state = match opened {
                Ok(key) => State::Open(Arc::new(key)),
                Err(reason) => State::Refused(reason),
            };
        }
        match &*state {
            State::Open(key) => Ok(Arc::clone(key)),
            State::Locked(_) => Err(self.unusable("it is locked")),
            State::Refused(reason) => Err(self.unusable(reason)),
        }
    }

    fn ask(
        &self,
        key: &PrivateKey,
        secrets: &Secrets,
        prompter: &dyn Prompter,
    ) -> Result<PrivateKey, String> {
        let question = format!(
            "Enter passphrase for OpenPGP key {} ({})",
            self.id(),
            self.owner
        );
        for attempt in 1..=ATTEMPTS {
            let passphrase = prompter.secret(&question).map_err(|error| match error {
                PromptError::Unavailable => format!("it needs a passphrase, but there is {error}"),
                other => other.to_string(),
            })?;
            match key.unlock(&passphrase) {
                Ok(opened) => {
                    take(&secrets.passphrases).push((self.certificate.clone(), passphrase));
                    return Ok(opened);
                }
                Err(error @ (Error::Unsupported { .. } | Error::Unimplemented { .. })) => {
                    return Err(reason::of(&error));
                }
                Err(_) if attempt < ATTEMPTS => prompter.message("wrong passphrase, try again"),
                Err(_) => {}
            }
        }
        Err(format!("wrong passphrase, {ATTEMPTS} times"))
    }

    /// The key ID, as GnuPG shows it.
    fn id(&self) -> String {
        self.identity
            .details()
            .legacy_key_id()
            .to_string()
            .to_uppercase()
    }

    fn unusable(&self, reason: &str) -> PgpError {
        PgpError::Unusable {
            key: self.id(),
            reason: reason.to_owned(),
        }
    }
}

/// A panic elsewhere does not make a key unusable.
fn take<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
