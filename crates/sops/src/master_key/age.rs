//! age recipients of all kinds as master keys.
//!
//! The keyring is one for the whole run: what opened once opens all files without a second
//! question.

use std::sync::Arc;

use nixseal_age::keyring::{IdentityReport, Outcome};
use nixseal_age::{
    Armor, CanOpen, Interaction, Keyring, OpenFailure, OpenFile, encrypt_bytes, parse_recipient,
};
use nixseal_base::secret::SecretBytes;

use super::{Cost, KeySource, MasterKey, UnwrapFailure};
use crate::metadata::{KeyId, KeyKind};

/// More than a share ever has.
const SHARE_LIMIT: usize = 4096;

/// Makes master keys of age recipients.
pub struct AgeKeys<'a> {
    keyring: &'a Keyring,
    interaction: &'a Arc<Interaction>,
}

impl<'a> AgeKeys<'a> {
    /// Keys that the identities of `keyring` open; plugins ask through `interaction`.
    pub fn new(keyring: &'a Keyring, interaction: &'a Arc<Interaction>) -> Self {
        Self {
            keyring,
            interaction,
        }
    }
}

impl KeySource for AgeKeys<'_> {
    fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>> {
        let key = || AgeKey {
            keys: self,
            id: id.clone(),
        };
        (id.kind() == KeyKind::Age).then(|| Box::new(key()) as Box<dyn MasterKey>)
    }
}

struct AgeKey<'a> {
    keys: &'a AgeKeys<'a>,
    id: KeyId,
}

impl MasterKey for AgeKey<'_> {
    fn id(&self) -> &KeyId {
        &self.id
    }

    fn cost(&self, enc: &str) -> Cost {
        let Ok(file) = OpenFile::parse(enc.as_bytes()) else {
            return Cost::Hopeless;
        };
        match self.keys.keyring.can_open(file.header().stanzas()) {
            CanOpen::Yes => Cost::AtHand,
            CanOpen::Maybe { .. } => Cost::Question,
            CanOpen::No => Cost::Hopeless,
        }
    }

    fn wrap(&self, share: &SecretBytes) -> Result<String, String> {
        let recipient = parse_recipient(self.id.field("recipient"), self.keys.interaction);
        let recipient = recipient.map_err(|error| error.to_string())?;
        let file = encrypt_bytes(&[recipient], share.expose(), Armor::Armored);
        let file = file.map_err(|error| error.to_string())?;
        String::from_utf8(file).map_err(|error| error.to_string())
    }

    fn unwrap(&self, enc: &str) -> Result<SecretBytes, UnwrapFailure> {
        let damaged = |error: nixseal_age::Error| {
            UnwrapFailure::new(format!("the wrapped key is damaged: {error}"))
        };
        let file = OpenFile::parse(enc.as_bytes()).map_err(damaged)?;
        let name = self.id.to_string();
        let opened = self.keys.keyring.open(file.header().stanzas(), &name);
        let file_key = opened.map_err(|failure| explain(*failure))?;
        let plaintext = file.with_file_key(&file_key).map_err(damaged)?;
        plaintext.read_all(SHARE_LIMIT).map_err(damaged)
    }
}

/// One line about this recipient; the identities are the same for all recipients of a file.
fn explain(failure: OpenFailure) -> UnwrapFailure {
    let OpenFailure {
        malformed,
        identities,
        absent,
        ..
    } = failure;
    let failed = |report: &IdentityReport| match &report.outcome {
        Outcome::Failed(reason) => Some(format!("{}: {reason}", report.source)),
        _ => None,
    };
    let failures: Vec<String> = identities.iter().filter_map(failed).collect();
    let reason = match malformed {
        Some(reason) => format!("the wrapped key is damaged: {reason}"),
        None if !failures.is_empty() => failures.join("; "),
        None if identities.is_empty() => "no age identity was found".to_owned(),
        None => "no identity at hand is for it".to_owned(),
    };
    UnwrapFailure {
        reason,
        identities,
        absent,
    }
}
