//! Unlocking once: the first thread works and asks, the others wait for it.

use std::sync::{Arc, Mutex};

use nixseal_base::prompt::PromptError;
use nixseal_base::secret::SecretText;

use super::Interaction;
use super::interaction::take;

/// Something that is made at most once per run, and whose failure is kept too.
pub(super) struct Once<T>(Mutex<State<T>>);

enum State<T> {
    Fresh,
    Ready(Arc<T>),
    Failed(String),
}

impl<T> Once<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State::Fresh))
    }

    /// The thing; `make` runs if nobody has tried before.
    pub(super) fn get(&self, make: impl FnOnce() -> Result<T, String>) -> Result<Arc<T>, String> {
        let mut state = take(&self.0);
        if matches!(*state, State::Fresh) {
            *state = match make() {
                Ok(thing) => State::Ready(Arc::new(thing)),
                Err(reason) => State::Failed(reason),
            };
        }
        match &*state {
            State::Ready(thing) => Ok(Arc::clone(thing)),
            State::Failed(reason) => Err(reason.clone()),
            State::Fresh => Err("not unlocked".to_owned()),
        }
    }

    /// What is known without making it, and without waiting for who does.
    pub(super) fn peek(&self) -> Option<Result<Arc<T>, String>> {
        match &*self.0.try_lock().ok()? {
            State::Fresh => None,
            State::Ready(thing) => Some(Ok(Arc::clone(thing))),
            State::Failed(reason) => Some(Err(reason.clone())),
        }
    }
}

/// Whether another passphrase may help.
pub(super) enum Attempt<T> {
    Opened(T),
    WrongPassphrase,
    Failed(String),
}

/// Asks `question` until `open` succeeds, at most `attempts` times.
pub(super) fn ask<T>(
    interaction: &Interaction,
    question: &str,
    attempts: u32,
    mut open: impl FnMut(&SecretText) -> Attempt<T>,
) -> Result<T, String> {
    for attempt in 1..=attempts.max(1) {
        let passphrase = interaction.secret(question).map_err(|error| match error {
            PromptError::Unavailable => format!("it needs a passphrase, but there is {error}"),
            other => other.to_string(),
        })?;
        match open(&passphrase) {
            Attempt::Opened(thing) => return Ok(thing),
            Attempt::Failed(reason) => return Err(reason),
            Attempt::WrongPassphrase if attempt < attempts => {
                interaction.message("wrong passphrase, try again");
            }
            Attempt::WrongPassphrase => {}
        }
    }
    Err(match attempts {
        0 | 1 => "wrong passphrase".to_owned(),
        times => format!("wrong passphrase, {times} times"),
    })
}
