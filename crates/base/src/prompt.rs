//! Asking the user, as an interface: the terminal itself is at the rim.

use crate::secret::SecretText;

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// There is nobody to ask: no terminal, no askpass program, no pinentry.
    #[error("no terminal to ask on; set SSH_ASKPASS or PINENTRY_PROGRAM to a program that can ask")]
    Unavailable,
    /// The user declined or closed the prompt.
    #[error("the prompt was cancelled")]
    Cancelled,
    /// The terminal or the asking program failed.
    #[error("asking failed: {0}")]
    Failed(String),
}

/// Somebody who can be asked and told. Calls come from one thread at a time.
pub trait Prompter: Send + Sync {
    /// Asks for an existing secret; `question` has no colon at its end.
    ///
    /// # Errors
    /// When nobody can be asked or the answer is refused.
    fn secret(&self, question: &str) -> Result<SecretText, PromptError>;

    /// Asks for a line that may be shown while typed.
    ///
    /// # Errors
    /// As [`Prompter::secret`].
    fn line(&self, question: &str) -> Result<String, PromptError>;

    /// Asks to choose between `yes` and, where given, `no`: `true` is the former.
    ///
    /// # Errors
    /// As [`Prompter::secret`].
    fn choose(&self, question: &str, yes: &str, no: Option<&str>) -> Result<bool, PromptError>;

    /// Shows a line while something waits, for example for a touch.
    fn message(&self, text: &str);
}

/// Nobody to ask: every question is [`PromptError::Unavailable`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Prompter for Nobody {
    fn secret(&self, _question: &str) -> Result<SecretText, PromptError> {
        Err(PromptError::Unavailable)
    }

    fn line(&self, _question: &str) -> Result<String, PromptError> {
        Err(PromptError::Unavailable)
    }

    fn choose(&self, _question: &str, _yes: &str, _no: Option<&str>) -> Result<bool, PromptError> {
        Err(PromptError::Unavailable)
    }

    fn message(&self, _text: &str) {}
}
