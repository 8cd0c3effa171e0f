//! Where keys are: files that the user named, and the folder of GnuPG.

use std::path::PathBuf;
use std::sync::OnceLock;

use nixseal_base::env::{Environment, GNUPGHOME, NIXSEAL_PGP_KEY_FILE};
use nixseal_base::fs::read_secret;
use nixseal_base::secret::SecretBytes;
use pgp::composed::SignedPublicKey;

use super::name::KeyName;
use super::packets::Blocks;
use super::{armor, certificate, keybox};
use crate::PgpError;

/// No ring of keys that somebody uses is longer.
const LIMIT: usize = 64 << 20;

/// All places, in the order in which they are searched.
pub(super) struct Places {
    all: Vec<Place>,
    /// Whether the user named files.
    named: bool,
    /// What to call keys that came from no file.
    instead: Option<&'static str>,
}

/// One file.
pub(super) struct Place {
    path: PathBuf,
    kind: Kind,
    content: OnceLock<Result<Option<SecretBytes>, String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Exported keys of either half, armored or not; named by the user, so it must be there.
    Exported,
    SecretRing,
    PublicRing,
    Keybox,
}

impl Places {
    pub(super) fn new(environment: &Environment) -> Self {
        let named = environment.value(&NIXSEAL_PGP_KEY_FILE);
        let exported = named.iter().flat_map(std::env::split_paths);
        let mut all: Vec<Place> = exported
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| Place::new(path, Kind::Exported))
            .collect();
        let default = || Some(environment.home()?.join(".gnupg"));
        if let Some(folder) = environment.path(&GNUPGHOME).or_else(default) {
            all.push(Place::new(folder.join("secring.gpg"), Kind::SecretRing));
            all.push(Place::new(folder.join("pubring.gpg"), Kind::PublicRing));
            all.push(Place::new(folder.join("pubring.kbx"), Kind::Keybox));
        }
        Self {
            all,
            named: named.is_some(),
            instead: None,
        }
    }

    /// No place at all; the keys are at hand and called `name`.
    pub(super) fn none(name: &'static str) -> Self {
        Self {
            all: Vec::new(),
            named: true,
            instead: Some(name),
        }
    }

    /// Where private keys may be.
    pub(super) fn secret(&self) -> impl Iterator<Item = &Place> {
        let holds = |place: &&Place| matches!(place.kind, Kind::Exported | Kind::SecretRing);
        self.all.iter().filter(holds)
    }

    /// Where public keys may be.
    pub(super) fn public(&self) -> impl Iterator<Item = &Place> {
        self.all.iter()
    }

    /// Names places that were searched, and whether there is anything.
    pub(super) fn explain<'a>(&self, places: impl Iterator<Item = &'a Place>) -> String {
        let mut names = Vec::new();
        names.extend(self.instead.map(str::to_owned));
        if !self.named {
            names.push("NIXSEAL_PGP_KEY_FILE (not set)".to_owned());
        }
        names.extend(places.map(|place| match place.read() {
            Ok(None) => format!("{} (absent)", place.shown()),
            _ => place.shown(),
        }));
        names.join(", ")
    }
}

impl Place {
    fn new(path: PathBuf, kind: Kind) -> Self {
        Self {
            path,
            kind,
            content: OnceLock::new(),
        }
    }

    /// The path in quotes.
    pub(super) fn shown(&self) -> String {
        format!("'{}'", self.path.display())
    }

    /// The keys in it, in binary; nothing when it is not there and need not be. It is read once.
    pub(super) fn read(&self) -> Result<Option<&SecretBytes>, PgpError> {
        let content = self.content.get_or_init(|| {
            let content = match read_secret(&self.path, LIMIT) {
                Err(error) if error.is_not_found() && self.kind != Kind::Exported => {
                    return Ok(None);
                }
                read => read.map_err(|error| error.to_string())?,
            };
            if self.kind != Kind::Exported {
                return Ok(Some(content));
            }
            match armor::keys(content.expose()) {
                Ok(keys) if Blocks::new(keys.expose()).next().is_some() => Ok(Some(keys)),
                Ok(_) => Err(format!("there is no OpenPGP key in {}", self.shown())),
                Err(reason) => Err(format!("the keys in {}: {reason}", self.shown())),
            }
        });
        match content {
            Ok(content) => Ok(content.as_ref()),
            Err(reason) => Err(PgpError::File(reason.clone())),
        }
    }

    /// The certificates in it to which the key of that name belongs.
    pub(super) fn certificates(&self, name: &KeyName) -> Result<Vec<SignedPublicKey>, PgpError> {
        let Some(content) = self.read()? else {
            return Ok(Vec::new());
        };
        let blocks: Vec<&[u8]> = match self.kind {
            Kind::Keybox => keybox::certificates(content.expose(), name).collect(),
            _ => vec![content.expose()],
        };
        let blocks = blocks.into_iter().flat_map(Blocks::new);
        Ok(blocks
            .filter_map(|block| certificate::parse(block, name))
            .collect())
    }
}
