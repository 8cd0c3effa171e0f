//! What a typed file name means: an age file, a SOPS file, or one that is not there yet.
//!
//! What stands there decides by its content; what does not, by the rules that are for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::keyring::{Interaction, Keyring};
use nixseal_base::env::SOPS_DECRYPTION_ORDER;
use nixseal_document::{EmitOptions, Format};
use nixseal_pgp::Keys;
use nixseal_repository::Preference;
use nixseal_repository::locate::{normalize, rules_file};
use nixseal_repository::sops::{
    Found, SopsDrift, SopsError, SopsFile, SopsKeys, SopsRules, drift, is_age_name, named_format,
};
use nixseal_sops::Metadata;
use nixseal_sops::config::Encryption;
use nixseal_sops::key_groups::{DecryptionOrder, Owners};

use super::Session;
use crate::args::{IdentityArgs, RulesArgs};
use crate::failure::Failure;
use crate::ui::UserPrompter;

/// What a file name means.
pub(crate) enum Target {
    /// An age file, there or not: rules in Nix are for it.
    Age,
    /// A SOPS file.
    Sops(Box<SopsFile>, SopsContext),
    /// A SOPS file that is not there yet, and that a creation rule is for.
    NewSops(Format, SopsContext),
}

/// The rules around a SOPS file.
pub(crate) struct SopsContext {
    /// As the user typed it.
    pub(crate) path: PathBuf,
    absolute: PathBuf,
    rules: Option<SopsRules>,
}

impl SopsContext {
    /// Whose the keys are, as far as rules tell.
    pub(crate) fn owners(&self) -> Owners {
        let owners = self.rules.as_ref().map(SopsRules::owners);
        owners.cloned().unwrap_or_default()
    }

    /// The rule for the file; none where there is none, or a broken one.
    pub(crate) fn rule(&self) -> Option<&Encryption> {
        self.rules.as_ref()?.encryption(&self.absolute).ok()?
    }

    /// The rule for a new file.
    pub(crate) fn required_rule(&self) -> Result<&Encryption, Failure> {
        let none = || no_rules(&self.path);
        let rules = self.rules.as_ref().ok_or_else(none)?;
        rules
            .encryption(&self.absolute)
            .map_err(failed)?
            .ok_or_else(none)
    }

    /// The layout of `sops` for the format.
    pub(crate) fn emit_options(&self, format: Format) -> EmitOptions {
        let options = |rules: &SopsRules| rules.config.emit_options(format);
        self.rules.as_ref().map(options).unwrap_or_default()
    }

    /// How the file differs from its rule; none where it has none.
    pub(crate) fn drift(&self, metadata: &Metadata, format: Format) -> Option<SopsDrift> {
        Some(drift(metadata, format, self.rule()?)).filter(|drift| !drift.is_none())
    }
}

/// The keys of a run for SOPS files.
pub(crate) struct SopsKeyring {
    keyring: Keyring,
    openpgp: Keys,
    order: DecryptionOrder,
    asks: Arc<Interaction>,
}

impl SopsKeyring {
    /// The identities of `keyring`, and OpenPGP keys.
    pub(crate) fn around(session: &Session<'_>, keyring: Keyring) -> Result<Self, Failure> {
        let environment = &session.context.environment;
        let order = environment.text(&SOPS_DECRYPTION_ORDER).unwrap_or_default();
        Ok(Self {
            keyring,
            openpgp: Keys::new(environment, Arc::new(UserPrompter::new(environment))),
            order: order.parse()?,
            asks: Arc::clone(&session.asks),
        })
    }

    /// The identities alone, for `.age` files.
    pub(crate) fn identities(&self) -> &Keyring {
        &self.keyring
    }

    /// All of them as one.
    pub(crate) fn keys(&self) -> SopsKeys<'_> {
        SopsKeys::new(&self.keyring, &self.asks, &self.openpgp, self.order.clone())
    }
}

impl Session<'_> {
    /// What `typed` means; `format` is that of the file where the user named it.
    pub(crate) fn target(
        &self,
        arguments: &RulesArgs,
        typed: &Path,
        format: Option<Format>,
    ) -> Result<Target, Failure> {
        match Found::at(typed, format)? {
            Found::Age => Ok(Target::Age),
            Found::Sops(file) => {
                let rules = self.sops_rules(arguments, typed).unwrap_or_else(|error| {
                    self.context.ui.warn(error.diagnostic().to_string());
                    None
                });
                Ok(Target::Sops(file, self.sops_context(typed, rules)))
            }
            Found::Missing if is_age_name(typed) => Ok(Target::Age),
            Found::Missing => self.missing(arguments, typed, format),
            Found::Other(_) if self.has_age_rule(arguments, typed) => Ok(Target::Age),
            Found::Other(error) => Err(self.not_encrypted(arguments, typed, *error)),
        }
    }

    /// The keys that were named, or those found where users keep them.
    pub(crate) fn sops_keyring(&self, arguments: &IdentityArgs) -> Result<SopsKeyring, Failure> {
        SopsKeyring::around(self, self.keyring(arguments, None)?)
    }

    /// The creation rules for a file, where there are any.
    pub(crate) fn sops_rules(
        &self,
        arguments: &RulesArgs,
        file: &Path,
    ) -> Result<Option<SopsRules>, SopsError> {
        let explicit = arguments.rules.as_deref().filter(|path| !is_nix(path));
        let environment = &self.context.environment;
        let rules = SopsRules::find(explicit, environment, Some(file), &self.current)?;
        if let Some(ignored) = rules.as_ref().and_then(|rules| rules.ignored.as_ref()) {
            let ignored = ignored.strip_prefix(&self.current).unwrap_or(ignored);
            self.context.ui.warn(format!(
                "'{}' is not read: the name is .sops.yaml",
                ignored.display()
            ));
        }
        Ok(rules)
    }

    fn sops_context(&self, typed: &Path, rules: Option<SopsRules>) -> SopsContext {
        SopsContext {
            path: typed.to_owned(),
            absolute: normalize(&self.current.join(typed)),
            rules,
        }
    }

    /// Whose rules are for a file that is not there: those in Nix name files one by one.
    fn missing(
        &self,
        arguments: &RulesArgs,
        typed: &Path,
        format: Option<Format>,
    ) -> Result<Target, Failure> {
        if self.has_age_rule(arguments, typed) {
            return Ok(Target::Age);
        }
        let rules = self.sops_rules(arguments, typed).map_err(failed)?;
        let has_rules = rules.is_some();
        let context = self.sops_context(typed, rules);
        match context.required_rule() {
            Ok(_) => {
                let format = format.unwrap_or_else(|| named_format(typed));
                Ok(Target::NewSops(format, context))
            }
            Err(_) if !has_rules && self.nix_rules(arguments, typed).is_some() => Ok(Target::Age),
            Err(failure) => Err(failure),
        }
    }

    fn nix_rules(&self, arguments: &RulesArgs, typed: &Path) -> Option<PathBuf> {
        let explicit = arguments.rules.as_deref();
        if explicit.is_some_and(|path| !is_nix(path)) {
            return None;
        }
        rules_file(
            explicit,
            &self.context.environment,
            Some(typed),
            &self.current,
        )
        .ok()
    }

    fn has_age_rule(&self, arguments: &RulesArgs, typed: &Path) -> bool {
        let Some(path) = self.nix_rules(arguments, typed) else {
            return false;
        };
        self.repository_at(&path).is_ok_and(|repository| {
            let resolved = repository.resolve(typed, &self.current, Preference::RulesFolder);
            resolved.is_some()
        })
    }

    fn not_encrypted(&self, arguments: &RulesArgs, typed: &Path, error: SopsError) -> Failure {
        let covered = || {
            let rules = self.sops_rules(arguments, typed).ok()??;
            let absolute = normalize(&self.current.join(typed));
            rules.encryption(&absolute).ok()?.map(|_| ())
        };
        let SopsError::NotSops { path, source } = error else {
            return failed(error);
        };
        let path = path.display();
        let failure = Failure::new(format!(
            "'{path}' is neither an age file nor a SOPS file: {source}"
        ));
        match covered() {
            Some(()) => failure.hint(format!(
                "to encrypt it by its rule: nixseal sops encrypt -i {}",
                typed.display()
            )),
            None => failure,
        }
    }
}

/// A failure with the place and hints of its finding.
pub(crate) fn failed(error: SopsError) -> Failure {
    Failure::of(error.diagnostic())
}

fn no_rules(path: &Path) -> Failure {
    Failure::new(format!(
        "there are no rules for '{}': neither a secrets.nix nor a .sops.yaml with creation rules \
         in its folder or above",
        path.display()
    ))
    .hint("write them with `nixseal init` or `nixseal init --sops`")
}

/// Whether a rules file is one in Nix, as its name says.
fn is_nix(path: &Path) -> bool {
    !path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml")
}
