//! Whom to ask: a pinentry where one is set, the terminal, or an askpass
//! program where there is no terminal.

use nixseal_base::env::{
    DISPLAY, Environment, PINENTRY_PROGRAM, SSH_ASKPASS, SSH_ASKPASS_REQUIRE, WAYLAND_DISPLAY,
};
use nixseal_base::prompt::{PromptError, Prompter};
use nixseal_base::secret::SecretText;
use pinentry::{ConfirmationDialog, PassphraseInput};

use super::askpass;
use super::terminal::Terminal;

/// Asks the user by the means this process has.
pub(crate) struct UserPrompter {
    environment: Environment,
}

impl UserPrompter {
    /// Decides at each question anew, from the same environment.
    pub(crate) fn new(environment: &Environment) -> Self {
        Self {
            environment: environment.clone(),
        }
    }

    /// Shows a secret to the user alone: on the terminal, or not at all.
    pub(crate) fn show_secret(&self, text: &SecretText) -> Result<(), PromptError> {
        let terminal = Terminal::open().ok_or(PromptError::Unavailable)?;
        terminal.show(text.expose());
        terminal.show("\n");
        Ok(())
    }

    /// A program that asks instead of the terminal. `SSH_ASKPASS_REQUIRE` works
    /// as in ssh(1): `force` and `prefer` want the program, `never` does not.
    fn askpass(&self, has_terminal: bool) -> Option<&str> {
        let program = self.environment.text(&SSH_ASKPASS)?;
        let windowed = self.environment.value(&DISPLAY).is_some()
            || self.environment.value(&WAYLAND_DISPLAY).is_some();
        match self.environment.text(&SSH_ASKPASS_REQUIRE) {
            Some("never") => None,
            Some("force") => Some(program),
            Some("prefer") if windowed => Some(program),
            _ => (!has_terminal).then_some(program),
        }
    }

    fn pinentry(&self) -> Option<&str> {
        self.environment.text(&PINENTRY_PROGRAM)
    }
}

impl Prompter for UserPrompter {
    fn secret(&self, question: &str) -> Result<SecretText, PromptError> {
        if let Some(mut input) = self.pinentry().and_then(PassphraseInput::with_binary) {
            let answer = input.with_prompt(&format!("{question}:")).interact();
            return answer
                .map(|secret| {
                    use secrecy::ExposeSecret as _;
                    SecretText::new(secret.expose_secret().to_owned())
                })
                .map_err(from_pinentry);
        }
        let terminal = Terminal::open();
        if let Some(program) = self.askpass(terminal.is_some()) {
            return askpass::ask(program, &format!("{question}: "));
        }
        terminal
            .ok_or(PromptError::Unavailable)?
            .secret(&format!("{question}: "))
    }

    fn line(&self, question: &str) -> Result<String, PromptError> {
        Terminal::open()
            .ok_or(PromptError::Unavailable)?
            .line(&format!("{question}: "))
    }

    fn choose(&self, question: &str, yes: &str, no: Option<&str>) -> Result<bool, PromptError> {
        if let Some(mut dialog) = self.pinentry().and_then(ConfirmationDialog::with_binary) {
            dialog.with_ok(yes);
            if let Some(no) = no {
                dialog.with_not_ok(no);
            }
            return dialog.confirm(question).map_err(from_pinentry);
        }
        let terminal = Terminal::open().ok_or(PromptError::Unavailable)?;
        let Some(no) = no else {
            return terminal
                .line(&format!("{question} (press enter for \"{yes}\"): "))
                .map(|_| true);
        };
        loop {
            let answer = terminal.line(&format!("{question} (1 = {yes}, 2 = {no}): "))?;
            match answer.trim() {
                "1" => return Ok(true),
                "2" => return Ok(false),
                _ => {}
            }
        }
    }

    fn message(&self, text: &str) {
        match Terminal::open() {
            Some(terminal) => terminal.show(&format!("{text}\n")),
            None => super::say(text),
        }
    }
}

fn from_pinentry(error: pinentry::Error) -> PromptError {
    match error {
        pinentry::Error::Cancelled => PromptError::Cancelled,
        other => PromptError::Failed(other.to_string()),
    }
}
