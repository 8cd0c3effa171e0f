//! Keys of the real GnuPG, exported, and somebody who answers questions.

use std::path::Path;
use std::sync::{Arc, Mutex};

use nixseal_base::env::{Environment, GNUPGHOME, NIXSEAL_PGP_KEY_FILE};
use nixseal_base::prompt::{Nobody, PromptError, Prompter};
use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_pgp::KeyFiles;
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::workdir::{Workdir, succeed};

/// What is wrapped: a data key has 32 bytes of any value.
pub(crate) fn data_key() -> SecretBytes {
    SecretBytes::new((0..32).map(|index| index * 8 + 5).collect())
}

/// Keys in one file, and nobody to ask.
pub(crate) fn key_file(path: impl AsRef<Path>) -> KeyFiles {
    let environment = Environment::default().with(&NIXSEAL_PGP_KEY_FILE, path.as_ref());
    KeyFiles::new(&environment, Arc::new(Nobody))
}

/// The rings of a folder, and nobody to ask.
pub(crate) fn rings(home: impl AsRef<Path>) -> KeyFiles {
    let environment = Environment::default().with(&GNUPGHOME, home.as_ref());
    KeyFiles::new(&environment, Arc::new(Nobody))
}

/// Both halves of a key, exported as `gpg` does it, armored.
pub(crate) fn export(gnupg: &Gnupg<'_>, key: &str) -> (Vec<u8>, Vec<u8>) {
    let public = gnupg.run(&["--armor", "--export", key]);
    (public, export_secret(gnupg, key, "", &["--armor"]))
}

/// The private half of one key, or with an empty name of all.
pub(crate) fn export_secret(
    gnupg: &Gnupg<'_>,
    key: &str,
    passphrase: &str,
    options: &[&str],
) -> Vec<u8> {
    let mut command = gnupg.command();
    command.args(options);
    command.args(["--passphrase", passphrase, "--export-secret-keys"]);
    if !key.is_empty() {
        command.arg(key);
    }
    succeed(&mut command).stdout
}

/// Decrypts with the real `gpg`.
pub(crate) fn gpg_decrypt(work: &Workdir, gnupg: &Gnupg<'_>, message: &str) -> Vec<u8> {
    let path = work.write("message.asc", message);
    let mut command = gnupg.command();
    succeed(command.arg("--decrypt").arg(path)).stdout
}

/// Encrypts with the real `gpg`, to a key as `-r` or `-R` take it.
pub(crate) fn gpg_encrypt(work: &Workdir, gnupg: &Gnupg<'_>, options: &[&str]) -> String {
    let path = work.write("plain", data_key().expose());
    let mut command = gnupg.command();
    command.args(["--trust-model", "always", "--armor", "--output", "-"]);
    let message = succeed(command.args(options).arg("--encrypt").arg(path)).stdout;
    String::from_utf8(message).unwrap()
}

/// Gives the same answer to all questions, and remembers them.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) answer: String,
    pub(crate) questions: Mutex<Vec<String>>,
}

impl Answers {
    pub(crate) fn new(answer: &str) -> Arc<Self> {
        Arc::new(Self {
            answer: answer.to_owned(),
            questions: Mutex::default(),
        })
    }

    pub(crate) fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap().clone()
    }
}

impl Prompter for Answers {
    fn secret(&self, question: &str) -> Result<SecretText, PromptError> {
        self.questions.lock().unwrap().push(question.to_owned());
        Ok(SecretText::new(self.answer.clone()))
    }

    fn line(&self, _question: &str) -> Result<String, PromptError> {
        Err(PromptError::Cancelled)
    }

    fn choose(&self, _question: &str, _yes: &str, _no: Option<&str>) -> Result<bool, PromptError> {
        Err(PromptError::Cancelled)
    }

    fn message(&self, _text: &str) {}
}
