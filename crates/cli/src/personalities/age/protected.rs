//! Identity files that are themselves encrypted with a passphrase.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use nixseal_age::{Error, FileKey, Identity, OpenFile, Stanza, UnwrapError};
use nixseal_base::secret::SecretBytes;

use super::complaint::Complaint;
use super::keys::{self, AnyIdentity, Asking};
use super::lines::MOST_KEYS;
use super::passphrase::AskedPassphrase;
use super::recipients::AnyRecipient;

/// The content of an encrypted identity file, opened when it is needed.
pub(super) struct ProtectedFile {
    /// The file's name in quotes.
    name: String,
    content: SecretBytes,
    asking: Asking,
    identities: OnceLock<Vec<AnyIdentity>>,
    opening: Mutex<()>,
    unmatched: AtomicBool,
}

impl ProtectedFile {
    pub(super) fn new(name: String, content: SecretBytes, asking: &Asking) -> Self {
        Self {
            name,
            content,
            asking: asking.clone(),
            identities: OnceLock::new(),
            opening: Mutex::new(()),
            unmatched: AtomicBool::new(false),
        }
    }

    /// Everybody it takes to encrypt to the identities in it.
    pub(super) fn recipients(&self) -> Result<Vec<AnyRecipient>, String> {
        let mut recipients = Vec::new();
        for identity in self.identities()? {
            recipients.extend(identity.recipients()?);
        }
        Ok(recipients)
    }

    /// What to tell when it was opened for nothing.
    pub(super) fn warning(&self) -> Option<String> {
        let unmatched = self.unmatched.load(Ordering::Relaxed);
        unmatched.then(|| {
            format!(
                "encrypted identity file {} didn't match file's recipients",
                self.name
            )
        })
    }

    fn identities(&self) -> Result<&[AnyIdentity], String> {
        // Nobody is asked twice.
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identities) = self.identities.get() {
            return Ok(identities);
        }
        let identities = self.open()?;
        Ok(self.identities.get_or_init(|| identities))
    }

    fn open(&self) -> Result<Vec<AnyIdentity>, String> {
        let question = format!("Enter passphrase for identity file {}", self.name);
        let passphrase = AskedPassphrase::new(question, &self.asking.prompter);
        let failed = |error: Error| match error {
            Error::NoMatch { .. } => {
                "identity file is encrypted with age but not with a passphrase".to_owned()
            }
            error => {
                let complaint = Complaint::of_engine(&error, &self.name);
                format!("failed to decrypt identity file: {}", complaint.message())
            }
        };
        let content = OpenFile::parse(self.content.expose())
            .and_then(|file| file.decrypt(|header| header.unlock(&[&passphrase])))
            .and_then(|plaintext| plaintext.read_all(MOST_KEYS))
            .map_err(failed)?;
        keys::parse(content.expose(), &self.asking)
    }
}

impl fmt::Display for ProtectedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl Identity for ProtectedFile {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        for identity in self.identities().map_err(UnwrapError::Unusable)? {
            match identity.unwrap(stanzas) {
                Err(UnwrapError::NoMatch) => {}
                other => return other,
            }
        }
        self.unmatched.store(true, Ordering::Relaxed);
        Err(UnwrapError::NoMatch)
    }
}
