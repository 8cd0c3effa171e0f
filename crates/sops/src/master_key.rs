//! Master keys: those who can wrap a data key and open it again.
//!
//! [`MasterKey`] is one of them at work; [`KeySource`] makes them, one source a kind. Cloud kinds
//! have no source yet: their entries stay in the metadata as they are, and a [`Foreign`] key says
//! what is missing.

mod age;
mod foreign;
mod pgp;

use nixseal_age::keyring::IdentityReport;
use nixseal_base::secret::SecretBytes;

pub use age::AgeKeys;
pub use foreign::Foreign;
pub use pgp::PgpKeys;

use crate::metadata::KeyId;

/// One master key.
pub trait MasterKey: Send + Sync {
    /// Who it is.
    fn id(&self) -> &KeyId;

    /// What it takes to unwrap `enc`, as far as can be told without asking or running anything.
    fn cost(&self, enc: &str) -> Cost;

    /// Wraps a data key or a share of one; gives the text for the metadata.
    ///
    /// # Errors
    /// One line with the reason.
    fn wrap(&self, share: &SecretBytes) -> Result<String, String>;

    /// Unwraps what [`MasterKey::wrap`], or `sops`, wrapped. May ask the user, run programs and
    /// use the network.
    ///
    /// # Errors
    /// When the key is not at hand, stays locked, or `enc` is damaged.
    fn unwrap(&self, enc: &str) -> Result<SecretBytes, UnwrapFailure>;
}

/// What it takes to unwrap with a master key, cheap before dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// An identity at hand opens it for certain.
    AtHand,
    /// Another program on this machine decides.
    Program,
    /// The user has to be asked, or may have to.
    Question,
    /// A service has to be asked.
    Network,
    /// It will not work; trying gives the reason.
    Hopeless,
}

/// Why a master key did not unwrap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnwrapFailure {
    /// The reason in one line.
    pub reason: String,
    /// age identities that were considered, each with what became of it.
    pub identities: Vec<IdentityReport>,
    /// Places where identities could have been.
    pub absent: Vec<String>,
}

impl UnwrapFailure {
    /// A failure that one line explains.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..Self::default()
        }
    }
}

/// Makes master keys of one kind or of several.
pub trait KeySource: Send + Sync {
    /// The key of that name; none when it is of another kind.
    fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>>;
}

/// All sources of a run.
#[derive(Default)]
pub struct KeySources<'a>(Vec<&'a dyn KeySource>);

impl<'a> KeySources<'a> {
    /// Sources in the order in which they are asked for a key.
    pub fn new(sources: Vec<&'a dyn KeySource>) -> Self {
        Self(sources)
    }

    /// The key of that name, from the first source that has its kind; else a [`Foreign`] one.
    pub fn master_key(&self, id: &KeyId) -> Box<dyn MasterKey + 'a> {
        let found = self.0.iter().find_map(|source| source.master_key(id));
        found.unwrap_or_else(|| Box::new(Foreign::new(id.clone())))
    }
}
