//! All identities of one run: found where people keep them, matched with a
//! file's stanzas before anything is unlocked, tried cheap before dear,
//! unlocked at most once, and able to explain every failure.
//!
//! A keyring is shared by reference between threads; questions come one at a
//! time, and who waits for an answer of another thread uses it as well.

mod defaults;
mod failure;
mod interaction;
mod key;
mod source;
mod trial;
mod unlock;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

pub use defaults::{Flavour, default_sources};
pub use failure::{IdentityReport, OpenFailure, Outcome, StanzaReport};
pub use interaction::Interaction;
pub use source::Source;

use self::source::Loaded;
use self::trial::Trial;
use crate::identity_file::IdentityFileError;
use crate::recipients::ParsedRecipient;
use crate::{FileKey, Stanza};

/// How often a passphrase may be wrong, as with `ssh-keygen` and `ssh-add`.
const ATTEMPTS: u32 = 3;

/// The identities of one run.
pub struct Keyring {
    slots: Vec<Slot>,
    interaction: Arc<Interaction>,
    attempts: u32,
    known: BTreeMap<String, String>,
}

/// A source and what it gave, read when first needed.
struct Slot {
    source: Source,
    loaded: OnceLock<Loaded>,
}

impl Slot {
    fn load(&self, interaction: &Arc<Interaction>) -> &Loaded {
        self.loaded.get_or_init(|| self.source.load(interaction))
    }
}

/// Whether a file could be opened, as far as can be told without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CanOpen {
    /// An identity that is at hand opens it.
    Yes,
    /// It may be, with what is listed: key files to be unlocked, plugins and
    /// commands to be run.
    Maybe {
        /// Names of sources.
        needs: Vec<String>,
    },
    /// None of the identities can.
    No,
}

/// Collects the sources of a keyring, in order.
pub struct KeyringBuilder {
    sources: Vec<Source>,
    interaction: Arc<Interaction>,
    attempts: u32,
    known: BTreeMap<String, String>,
}

impl KeyringBuilder {
    /// Adds a source. A file that was added before is not added again, but may
    /// become required.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        let same = |other: &&mut Source| other.path().is_some() && other.path() == source.path();
        match self.sources.iter_mut().find(same) {
            Some(known) => known.required |= source.required,
            None => self.sources.push(source),
        }
        self
    }

    /// Adds the files that the user named: each must be there and usable.
    #[must_use]
    pub fn files(self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        paths.into_iter().fold(self, |builder, path| {
            builder.source(Source::file(path).required())
        })
    }

    /// Adds the places where keys usually are; those without a key do not
    /// matter.
    #[must_use]
    pub fn defaults(self, flavour: Flavour) -> Self {
        let sources = default_sources(self.interaction.environment(), flavour);
        sources.into_iter().fold(self, Self::source)
    }

    /// How often a passphrase may be wrong; 3 unless told. Go age asks once.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Tells whose recipient it is, so that failures can name an SSH stanza.
    #[must_use]
    pub fn name_recipient(mut self, recipient: &ParsedRecipient, name: &str) -> Self {
        if let Some(tag) = recipient.ssh_tag() {
            self.known.insert(tag, name.to_owned());
        }
        self
    }

    /// Reads the required sources; the others wait until they are needed.
    ///
    /// # Errors
    /// When a required source is missing or holds no identity.
    pub fn build(self) -> Result<Keyring, IdentityFileError> {
        let slots = self.sources.into_iter().map(|source| Slot {
            source,
            loaded: OnceLock::new(),
        });
        let keyring = Keyring {
            slots: slots.collect(),
            interaction: self.interaction,
            attempts: self.attempts,
            known: self.known,
        };
        for slot in keyring.slots.iter().filter(|slot| slot.source.required) {
            if let Loaded::Failed(error) = slot.load(&keyring.interaction) {
                return Err(error.clone());
            }
        }
        Ok(keyring)
    }
}

impl Keyring {
    /// Starts a keyring that asks through `interaction`.
    pub fn builder(interaction: &Arc<Interaction>) -> KeyringBuilder {
        KeyringBuilder {
            sources: Vec::new(),
            interaction: Arc::clone(interaction),
            attempts: ATTEMPTS,
            known: BTreeMap::new(),
        }
    }

    /// Finds the file key for the stanzas of one header; `file` is for the
    /// explanation. May ask, run plugins and commands.
    ///
    /// # Errors
    /// [`OpenFailure`] says for every stanza and identity why not.
    pub fn open(&self, stanzas: &[Stanza], file: &str) -> Result<FileKey, Box<OpenFailure>> {
        let mut trial = Trial::new(self, stanzas);
        match trial.run() {
            Some(file_key) => Ok(file_key),
            None => Err(Box::new(trial.into_failure(file))),
        }
    }

    /// Whether [`Keyring::open`] would succeed, without asking anybody or
    /// running anything.
    pub fn can_open(&self, stanzas: &[Stanza]) -> CanOpen {
        Trial::new(self, stanzas).can_open()
    }

    /// The recipients whose files the identities open, as far as they are known
    /// without unlocking. For an ed25519 SSH key both are given.
    pub fn recipients(&self) -> Vec<ParsedRecipient> {
        let loaded = self
            .slots
            .iter()
            .filter(|slot| !slot.source.is_command() || slot.loaded.get().is_some())
            .map(|slot| slot.load(&self.interaction));
        let mut recipients = Vec::new();
        for keys in loaded {
            if let Loaded::Keys(keys) = keys {
                recipients.extend(keys.iter().flat_map(key::Key::recipients));
            }
        }
        recipients
    }

    /// Whether there is any identity at all, locked ones included. Reads
    /// sources until one is found.
    pub fn is_empty(&self) -> bool {
        let holds = |slot: &Slot| matches!(slot.load(&self.interaction), Loaded::Keys(_));
        !self.slots.iter().any(holds)
    }
}
