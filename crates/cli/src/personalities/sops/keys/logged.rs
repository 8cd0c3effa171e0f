//! What `sops --verbose` tells of each key: whether it wrapped or opened a data key.

use std::sync::{Mutex, PoisonError};

use nixseal_base::secret::SecretBytes;
use nixseal_sops::master_key::{Cost, KeySource, KeySources, MasterKey, UnwrapFailure};
use nixseal_sops::{KeyId, KeyKind};

use crate::personalities::sops::log;
use crate::ui::Ui;

/// Sources whose keys note what they do.
pub(super) struct Logged<'a> {
    sources: &'a KeySources<'a>,
    notes: Mutex<Vec<Note>>,
}

/// What a key did.
struct Note {
    id: KeyId,
    message: String,
    with_name: bool,
}

impl<'a> Logged<'a> {
    /// The keys of `sources`.
    pub(super) fn new(sources: &'a KeySources<'a>) -> Self {
        let notes = Mutex::default();
        Self { sources, notes }
    }

    /// Tells what they did; kinds that the original does not tell of are passed over.
    pub(super) fn tell(self, ui: &Ui) {
        let notes = self.notes.into_inner();
        for note in notes.unwrap_or_else(PoisonError::into_inner) {
            let (logger, field) = match note.id.kind() {
                KeyKind::Age => ("AGE", "recipient"),
                KeyKind::Pgp => ("PGP", "fingerprint"),
                _ => continue,
            };
            let name = note.id.to_string();
            let field = note.with_name.then_some((field, name.as_str()));
            log::info(ui, logger, &note.message, field);
        }
    }
}

impl KeySource for Logged<'_> {
    fn master_key<'b>(&'b self, id: &KeyId) -> Option<Box<dyn MasterKey + 'b>> {
        let (notes, key) = (&self.notes, self.sources.master_key(id));
        Some(Box::new(LoggedKey { notes, key }))
    }
}

struct LoggedKey<'a> {
    notes: &'a Mutex<Vec<Note>>,
    key: Box<dyn MasterKey + 'a>,
}

impl LoggedKey<'_> {
    fn note(&self, what: &str, good: bool, with_name: bool) {
        let word = if good { "succeeded" } else { "failed" };
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(Note {
            id: self.key.id().clone(),
            message: format!("{what} {word}"),
            with_name,
        });
    }
}

impl MasterKey for LoggedKey<'_> {
    fn id(&self) -> &KeyId {
        self.key.id()
    }

    fn cost(&self, enc: &str) -> Cost {
        self.key.cost(enc)
    }

    fn wrap(&self, share: &SecretBytes) -> Result<String, String> {
        let wrapped = self.key.wrap(share);
        self.note("Encryption", wrapped.is_ok(), true);
        wrapped
    }

    fn unwrap(&self, enc: &str) -> Result<SecretBytes, UnwrapFailure> {
        let share = self.key.unwrap(enc);
        // The original names OpenPGP keys here, and not those of age.
        let with_name = self.key.id().kind() == KeyKind::Pgp;
        self.note("Decryption", share.is_ok(), with_name);
        share
    }
}
