//! Who can be asked, one question at a time, and the environment that plugins
//! and commands are looked up in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nixseal_base::env::Environment;
use nixseal_base::prompt::{Nobody, PromptError, Prompter};
use nixseal_base::secret::SecretText;

/// A prompter that threads take turns with, and an environment. Made once per
/// run and shared by the keyring and all plugins.
pub struct Interaction {
    environment: Environment,
    prompter: Arc<dyn Prompter>,
    question: Mutex<()>,
    device: Mutex<()>,
}

impl Interaction {
    /// Asks `prompter`; looks programs up in `environment`.
    pub fn new(environment: Environment, prompter: Arc<dyn Prompter>) -> Arc<Self> {
        Arc::new(Self {
            environment,
            prompter,
            question: Mutex::new(()),
            device: Mutex::new(()),
        })
    }

    /// Asks nobody: whatever needs an answer fails.
    pub fn silent(environment: Environment) -> Arc<Self> {
        Self::new(environment, Arc::new(Nobody))
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// As [`Prompter::secret`].
    pub(crate) fn secret(&self, question: &str) -> Result<SecretText, PromptError> {
        let _turn = take(&self.question);
        self.prompter.secret(question)
    }

    /// As [`Prompter::line`].
    pub(crate) fn line(&self, question: &str) -> Result<String, PromptError> {
        let _turn = take(&self.question);
        self.prompter.line(question)
    }

    /// As [`Prompter::choose`].
    pub(crate) fn choose(
        &self,
        question: &str,
        yes: &str,
        no: Option<&str>,
    ) -> Result<bool, PromptError> {
        let _turn = take(&self.question);
        self.prompter.choose(question, yes, no)
    }

    /// As [`Prompter::message`].
    pub(crate) fn message(&self, text: &str) {
        let _turn = take(&self.question);
        self.prompter.message(text);
    }

    /// Waits until no other thread talks to a device: tokens serve one client.
    pub(crate) fn device_turn(&self) -> MutexGuard<'_, ()> {
        take(&self.device)
    }
}

/// For others who ask in the same run: they take turns with the keyring.
impl Prompter for Interaction {
    fn secret(&self, question: &str) -> Result<SecretText, PromptError> {
        self.secret(question)
    }

    fn line(&self, question: &str) -> Result<String, PromptError> {
        self.line(question)
    }

    fn choose(&self, question: &str, yes: &str, no: Option<&str>) -> Result<bool, PromptError> {
        self.choose(question, yes, no)
    }

    fn message(&self, text: &str) {
        self.message(text);
    }
}

/// A panic elsewhere does not make a turn unusable.
pub(crate) fn take<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
