//! Commands that print identities. They are told for which recipient, so one may have to run for
//! each; what an earlier run printed is tried first.

use std::sync::{Arc, Mutex, PoisonError};

use nixseal_age::keyring::{Flavour, Interaction, Keyring, default_sources};
use nixseal_base::secret::SecretBytes;
use nixseal_sops::master_key::{AgeKeys, Cost, KeySource, MasterKey, UnwrapFailure};
use nixseal_sops::{KeyId, KeyKind};

/// The commands of `SOPS_AGE_KEY_CMD` and `SOPS_AGE_SSH_PRIVATE_KEY_CMD`, and what they printed.
pub(super) struct Commands {
    asks: Arc<Interaction>,
    any: bool,
    printed: Mutex<Vec<Arc<Keyring>>>,
}

impl Commands {
    /// Those of the environment. Nothing runs yet.
    pub(super) fn new(asks: &Arc<Interaction>) -> Self {
        let sources = default_sources(asks.environment(), Flavour::Sops);
        Self {
            asks: Arc::clone(asks),
            any: sources.iter().any(|source| source.is_command()),
            printed: Mutex::default(),
        }
    }

    /// What the commands print for a recipient.
    fn run(&self, recipient: &str) -> Result<Arc<Keyring>, UnwrapFailure> {
        let sources = default_sources(self.asks.environment(), Flavour::Sops);
        let keyring = sources
            .into_iter()
            .filter(|source| source.is_command())
            .map(|source| source.for_recipient(recipient))
            .fold(Keyring::builder(&self.asks), |builder, source| {
                builder.source(source)
            })
            .build()
            .map_err(|error| UnwrapFailure::new(error.to_string()))?;
        let keyring = Arc::new(keyring);
        self.lock().push(Arc::clone(&keyring));
        Ok(keyring)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Keyring>>> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Master keys whose identities commands may print.
pub(super) struct CommandKeys<'a> {
    commands: &'a Commands,
    others: &'a AgeKeys<'a>,
}

impl<'a> CommandKeys<'a> {
    /// Keys of `commands`, and of all `others` where those do.
    pub(super) fn new(commands: &'a Commands, others: &'a AgeKeys<'a>) -> Self {
        Self { commands, others }
    }
}

impl KeySource for CommandKeys<'_> {
    fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>> {
        if !self.commands.any || id.kind() != KeyKind::Age {
            return None;
        }
        let other = self.others.master_key(id)?;
        Some(Box::new(CommandKey {
            commands: self.commands,
            other,
            id: id.clone(),
        }))
    }
}

struct CommandKey<'a> {
    commands: &'a Commands,
    other: Box<dyn MasterKey + 'a>,
    id: KeyId,
}

impl CommandKey<'_> {
    fn with<T>(&self, keyring: &Keyring, work: impl FnOnce(&dyn MasterKey) -> T) -> Option<T> {
        let keys = AgeKeys::new(keyring, &self.commands.asks);
        keys.master_key(&self.id).map(|key| work(key.as_ref()))
    }

    /// A keyring of an earlier run that opens `enc` for certain.
    fn printed(&self, enc: &str) -> Option<Arc<Keyring>> {
        let printed = self.commands.lock();
        let opens =
            |keyring: &&Arc<Keyring>| self.with(keyring, |key| key.cost(enc)) == Some(Cost::AtHand);
        printed.iter().find(opens).cloned()
    }
}

impl MasterKey for CommandKey<'_> {
    fn id(&self) -> &KeyId {
        &self.id
    }

    fn cost(&self, enc: &str) -> Cost {
        match self.other.cost(enc) {
            Cost::AtHand => Cost::AtHand,
            _ if self.printed(enc).is_some() => Cost::AtHand,
            // A command may ask something itself.
            _ => Cost::Question,
        }
    }

    fn wrap(&self, share: &SecretBytes) -> Result<String, String> {
        self.other.wrap(share)
    }

    fn unwrap(&self, enc: &str) -> Result<SecretBytes, UnwrapFailure> {
        if self.other.cost(enc) == Cost::AtHand {
            return self.other.unwrap(enc);
        }
        let keyring = match self.printed(enc) {
            Some(keyring) => keyring,
            None => self.commands.run(self.id.field("recipient"))?,
        };
        let mut failure = match self.with(&keyring, |key| key.unwrap(enc)) {
            Some(Ok(share)) => return Ok(share),
            Some(Err(failure)) => failure,
            None => UnwrapFailure::new("it is no age key"),
        };
        self.other.unwrap(enc).map_err(|other| {
            failure.identities.extend(other.identities);
            failure.absent.extend(other.absent);
            failure
        })
    }
}
