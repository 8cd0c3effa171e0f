//! What most commands begin with: the current folder, the rules, the keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::keyring::{Flavour, Interaction, Keyring, Source};
use nixseal_base::process::find_program;
use nixseal_nix::rules::{self, Evaluator, Rules};
use nixseal_repository::lock::Lock;
use nixseal_repository::{Preference, Repository, Resolved, Rule, RuleKey, locate};

use crate::args::{IdentityArgs, RulesArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::input::{KEY_LIMIT, standard_input};
use crate::ui::UserPrompter;

/// One run's view of the outside.
pub(crate) struct Session<'a> {
    pub(crate) context: &'a Context,
    /// Where the user stands.
    pub(crate) current: PathBuf,
    /// Who can be asked.
    pub(crate) asks: Arc<Interaction>,
}

impl<'a> Session<'a> {
    /// That of a command.
    pub(crate) fn new(context: &'a Context) -> Result<Self, Failure> {
        let current = std::env::current_dir()
            .map_err(|cause| Failure::new(format!("cannot tell the current folder: {cause}")))?;
        let prompter = Arc::new(UserPrompter::new(&context.environment));
        let asks = Interaction::new(context.environment.clone(), prompter);
        Ok(Self {
            context,
            current,
            asks,
        })
    }

    /// Finds, evaluates and joins the rules for `file`, or for where the user
    /// stands.
    pub(crate) fn repository(
        &self,
        arguments: &RulesArgs,
        file: Option<&Path>,
    ) -> Result<Repository, Failure> {
        let environment = &self.context.environment;
        let explicit = arguments.rules.as_deref();
        let path =
            locate::rules_file(explicit, environment, file, &self.current).map_err(|error| {
                Failure::from(error).hint("write one with `nixseal init`, or name it with --rules")
            })?;
        self.repository_at(&path)
    }

    /// Evaluates the rules file at `path` and joins it with its lock.
    pub(crate) fn repository_at(&self, path: &Path) -> Result<Repository, Failure> {
        let rules = self.rules_at(path)?;
        Ok(Repository::new(path, rules, Lock::read(path)?, &self.asks))
    }

    /// Evaluates the rules file at `path`.
    pub(crate) fn rules_at(&self, path: &Path) -> Result<Vec<Rule>, Failure> {
        let nix = find_program(&self.context.environment, "nix-instantiate");
        let rules = rules::load(path, &self.context.environment, nix.as_deref())
            .map_err(|error| Failure::of(error.diagnostic().clone()))?;
        for trace in &rules.traces {
            self.context.ui.say(trace);
        }
        if let Evaluator::NixInstantiate { reason } = &rules.evaluator {
            self.context
                .ui
                .say(format!("evaluated by nix-instantiate: {reason}"));
        }
        Ok(entries(rules))
    }

    /// The keys that were named, or those found where users keep them. Failures
    /// call recipients by the names that `repository` has for them.
    pub(crate) fn keyring(
        &self,
        arguments: &IdentityArgs,
        repository: Option<&Repository>,
    ) -> Result<Keyring, Failure> {
        let mut builder = Keyring::builder(&self.asks);
        for path in &arguments.identity {
            builder = builder.source(match path.as_os_str() == "-" {
                true => Source::bytes("standard input", standard_input(KEY_LIMIT)?).required(),
                false => Source::file(path).required(),
            });
        }
        for command in &arguments.identity_command {
            builder = builder.source(Source::command(command, command).required());
        }
        if arguments.identity.is_empty() && arguments.identity_command.is_empty() {
            builder = builder.defaults(Flavour::Native);
        }
        let secrets = repository.map_or(&[][..], |repository| &repository.secrets);
        for reader in secrets
            .iter()
            .flat_map(|secret| secret.readers.iter().flatten())
        {
            builder = builder.name_recipient(&reader.recipient, &reader.label);
        }
        Ok(builder.build()?)
    }

    /// The secret that `file` means.
    pub(crate) fn resolve<'r>(
        &self,
        repository: &'r Repository,
        file: &Path,
    ) -> Result<Resolved<'r>, Failure> {
        let found = repository.resolve(file, &self.current, Preference::RulesFolder);
        let resolved = found.ok_or_else(|| no_rule(repository, file, &self.current))?;
        if let Some(other) = resolved.other {
            self.context.ui.warn(format!(
                "'{}' is also the name of another rule; '{}' is used",
                other.name, resolved.secret.name
            ));
        }
        Ok(resolved)
    }
}

fn no_rule(repository: &Repository, file: &Path, current: &Path) -> Failure {
    let failure = Failure::new(format!(
        "there is no rule for '{}' in '{}'",
        file.display(),
        repository.rules.display()
    ));
    let similar = repository
        .secrets
        .iter()
        .find(|secret| secret.path.file_name() == file.file_name());
    match similar {
        Some(secret) => failure.hint(format!("there is one for '{}'", secret.path.display())),
        None => {
            let path = locate::normalize(&current.join(file));
            let name = repository
                .rules
                .parent()
                .and_then(|folder| path.strip_prefix(folder).ok());
            let name = name.unwrap_or(file).display();
            failure.hint(format!("add a line such as \"{name}\".publicKeys = [ … ];"))
        }
    }
}

/// Good and broken rules alike, as a repository takes them.
fn entries(rules: Rules) -> Vec<Rule> {
    let good = rules.entries.into_iter().map(|rule| Rule {
        name: rule.name,
        keys: Ok(rule
            .public_keys
            .into_iter()
            .map(|key| RuleKey {
                text: key.text,
                names: key.names,
            })
            .collect()),
        armor: rule.armor,
        place: rule.place,
    });
    let broken = rules.broken.into_iter().map(|rule| Rule {
        name: rule.name,
        keys: Err(rule.error.diagnostic().clone()),
        armor: None,
        place: rule.place,
    });
    good.chain(broken).collect()
}
