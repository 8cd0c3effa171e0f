//! The keys that a run of `sops` can use, found once.

mod commands;
mod logged;

use std::sync::Arc;

use nixseal_age::keyring::{Flavour, Interaction, Keyring, default_sources};
use nixseal_base::secret::SecretBytes;
use nixseal_pgp::Keys as PgpKeyring;
use nixseal_sops::KeyId;
use nixseal_sops::master_key::{
    AgeKeys, Cost, KeySource, KeySources, MasterKey, PgpKeys, UnwrapFailure,
};

use self::commands::{CommandKeys, Commands};
use self::logged::Logged;
use super::failure::Failure;
use super::session::Session;
use crate::ui::Ui;

/// age identities and OpenPGP keys of this machine.
pub(super) struct Keys {
    keyring: Keyring,
    commands: Commands,
    pgp: PgpKeyring,
    asks: Arc<Interaction>,
    local: bool,
    verbose: bool,
}

impl Keys {
    /// Finds them where users of `sops` keep them. Nothing is read or run yet.
    ///
    /// # Errors
    /// When another key service is asked for, which we cannot talk to.
    pub(super) fn find(session: &Session<'_>) -> Result<Self, Failure> {
        let services = session.flags.texts("keyservice");
        if let Some(service) = services.iter().find(|service| !service.is_empty()) {
            return Err(Failure::unsupported(&format!("--keyservice {service}"))
                .hint("leave it out (and SOPS_KEYSERVICE) to use the keys of this machine"));
        }
        let sources = default_sources(&session.context.environment, Flavour::Sops);
        let files = sources.into_iter().filter(|source| !source.is_command());
        let keyring = files
            .fold(Keyring::builder(&session.asks), |builder, source| {
                builder.source(source)
            })
            .build()
            .map_err(|error| Failure::generic(error.to_string()))?;
        Ok(Self {
            keyring,
            commands: Commands::new(&session.asks),
            pgp: PgpKeyring::new(&session.context.environment, session.asks.clone()),
            asks: Arc::clone(&session.asks),
            local: session.flags.is_on("enable-local-keyservice"),
            verbose: session.verbose,
        })
    }

    /// Whether `--enable-local-keyservice=false` leaves nothing to work with.
    pub(super) fn are_off(&self) -> bool {
        !self.local
    }

    /// Calls `work` with them as sources of master keys.
    pub(super) fn with<T>(&self, work: impl FnOnce(&KeySources<'_>) -> T) -> T {
        if !self.verbose {
            return self.quietly(work);
        }
        self.quietly(|sources| {
            let logged = Logged::new(sources);
            let result = work(&KeySources::new(vec![&logged]));
            logged.tell(&Ui::of_process(self.asks.environment()));
            result
        })
    }

    fn quietly<T>(&self, work: impl FnOnce(&KeySources<'_>) -> T) -> T {
        if !self.local {
            return work(&KeySources::new(vec![&Off]));
        }
        let age = AgeKeys::new(&self.keyring, &self.asks);
        let pgp = PgpKeys::new(&self.pgp);
        let commands = CommandKeys::new(&self.commands, &age);
        work(&KeySources::new(vec![&commands, &age, &pgp]))
    }
}

/// No key service at all.
struct Off;

/// A key that nobody may use.
struct OffKey(KeyId);

const OFF: &str = "the keys of this machine are switched off (--enable-local-keyservice=false)";

impl KeySource for Off {
    fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>> {
        Some(Box::new(OffKey(id.clone())))
    }
}

impl MasterKey for OffKey {
    fn id(&self) -> &KeyId {
        &self.0
    }

    fn cost(&self, _enc: &str) -> Cost {
        Cost::Hopeless
    }

    fn wrap(&self, _share: &SecretBytes) -> Result<String, String> {
        Err(OFF.to_owned())
    }

    fn unwrap(&self, _enc: &str) -> Result<SecretBytes, UnwrapFailure> {
        Err(UnwrapFailure::new(OFF))
    }
}
