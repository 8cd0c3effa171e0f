//! One file against all identities.

use super::failure::{IdentityReport, OpenFailure, Outcome, StanzaReport};
use super::key::{Key, Relevance, Stage};
use super::source::Loaded;
use super::{CanOpen, Keyring, Slot};
use crate::{FileKey, Stanza, UnwrapError};

pub(super) struct Trial<'a> {
    keyring: &'a Keyring,
    stanzas: &'a [Stanza],
    tried: Vec<IdentityReport>,
    skipped: Vec<IdentityReport>,
    absent: Vec<String>,
    malformed: Option<String>,
}

/// A key and when it is its turn.
type Candidate<'a> = (Stage, &'a Key);

impl<'a> Trial<'a> {
    pub(super) fn new(keyring: &'a Keyring, stanzas: &'a [Stanza]) -> Self {
        Self {
            keyring,
            stanzas,
            tried: Vec::new(),
            skipped: Vec::new(),
            absent: Vec::new(),
            malformed: None,
        }
    }

    /// Cheap keys of files; then commands, which may be slow, and their cheap
    /// keys; then whatever needs the user or another program.
    pub(super) fn run(&mut self) -> Option<FileKey> {
        let mut candidates = self.candidates(|slot| !slot.source.is_command());
        if let Some(file_key) = self.attempt(&candidates, Stage::is_cheap) {
            return Some(file_key);
        }
        if self.malformed.is_some() {
            return None;
        }
        let commands = self.candidates(|slot| slot.source.is_command());
        if let Some(file_key) = self.attempt(&commands, Stage::is_cheap) {
            return Some(file_key);
        }
        candidates.extend(commands);
        self.attempt(&candidates, |stage| !stage.is_cheap())
    }

    pub(super) fn can_open(mut self) -> CanOpen {
        let candidates = self.candidates(|slot| !slot.source.is_command());
        let (cheap, dear): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|(stage, _)| stage.is_cheap());
        // A tag of four bytes is proof enough; RSA would cost 20 ms a file.
        let named = cheap.iter().any(|(_, key)| key.is_named_in(self.stanzas));
        if named
            || self
                .attempt(&cheap, |stage| stage != Stage::PlainRsa)
                .is_some()
        {
            return CanOpen::Yes;
        }
        let unread = |slot: &&Slot| slot.source.is_command() && slot.loaded.get().is_none();
        let commands = self.keyring.slots.iter().filter(unread);
        let needs: Vec<String> = dear
            .iter()
            .filter(|(_, key)| key.may_be_unlocked())
            .map(|(_, key)| key.source.clone())
            .chain(commands.map(|slot| slot.source.name.clone()))
            .collect();
        match needs.is_empty() {
            true => CanOpen::No,
            false => CanOpen::Maybe { needs },
        }
    }

    /// The keys that may help, from the sources that `chosen` selects.
    fn candidates(&mut self, chosen: impl Fn(&Slot) -> bool) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        let keyring = self.keyring;
        for slot in keyring.slots.iter().filter(|slot| chosen(slot)) {
            match slot.load(&keyring.interaction) {
                Loaded::Absent => self.absent.push(slot.source.name.clone()),
                Loaded::Failed(error) => self.skipped.push(IdentityReport {
                    source: slot.source.name.clone(),
                    public: None,
                    outcome: Outcome::Unreadable(error.reason()),
                }),
                Loaded::Keys(keys) => {
                    for key in keys {
                        match key.relevance(self.stanzas) {
                            Relevance::Try(stage) => candidates.push((stage, key)),
                            Relevance::Skip(reason) => {
                                self.skipped.push(report(key, Outcome::NotTried(reason)));
                            }
                        }
                    }
                }
            }
        }
        candidates
    }

    fn attempt(
        &mut self,
        candidates: &[Candidate<'a>],
        chosen: impl Fn(Stage) -> bool,
    ) -> Option<FileKey> {
        for stage in Stage::ALL.into_iter().filter(|stage| chosen(*stage)) {
            for (_, key) in candidates.iter().filter(|(own, _)| *own == stage) {
                let keyring = self.keyring;
                let result = key.unwrap(self.stanzas, &keyring.interaction, keyring.attempts);
                let outcome = match result {
                    Ok(file_key) => return Some(file_key),
                    Err(UnwrapError::NoMatch) => Outcome::NoMatch,
                    Err(error @ UnwrapError::WrongPassphrase) => Outcome::Failed(error.to_string()),
                    Err(UnwrapError::Unusable(reason)) => Outcome::Failed(reason),
                    Err(malformed @ UnwrapError::Malformed { .. }) => {
                        self.malformed = Some(malformed.to_string());
                        return None;
                    }
                };
                self.tried.push(report(key, outcome));
            }
        }
        None
    }

    pub(super) fn into_failure(self, file: &str) -> OpenFailure {
        let stanzas = self.stanzas.iter().map(|stanza| {
            let ssh_tag = stanza
                .args
                .first()
                .filter(|_| stanza.tag.starts_with("ssh-"));
            StanzaReport {
                kind: stanza.tag.clone(),
                ssh_tag: ssh_tag.cloned(),
                known_as: ssh_tag.and_then(|tag| self.keyring.known.get(tag)).cloned(),
            }
        });
        OpenFailure {
            file: file.to_owned(),
            malformed: self.malformed,
            stanzas: stanzas.collect(),
            identities: self.tried.into_iter().chain(self.skipped).collect(),
            absent: self.absent,
        }
    }
}

fn report(key: &Key, outcome: Outcome) -> IdentityReport {
    IdentityReport {
        source: key.source.clone(),
        public: key.public(),
        outcome,
    }
}
