//! What is to be installed, as a manifest says it.

mod json;
mod own;
mod sops_nix;

use std::path::{Path, PathBuf};

use nixseal_base::fs;
use nixseal_document::Format;

pub use own::FIELDS;

/// No manifest that somebody generates is longer, in bytes.
const LIMIT: usize = 256 << 20;

/// A manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Whose format it has.
    pub format: ManifestFormat,
    /// Where it was read.
    pub path: PathBuf,
    /// Whether it is for a user without root.
    pub user_mode: bool,
    /// What one failure means for the rest.
    pub on_failure: Policy,
    /// What opens secrets.
    pub identities: Identities,
    /// Recipients that this host can open.
    pub host_public_keys: Vec<String>,
    /// Which lines are printed.
    pub logging: Logging,
    /// How units learn of changes.
    pub units: UnitsBy,
    /// Where links for systemd credentials are.
    pub credentials_directory: Option<PathBuf>,
    /// What is installed, one for each place.
    pub trees: Vec<Tree>,
}

/// Formats of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestFormat {
    /// Our own, version 1.
    Own,
    /// That of sops-nix, without a version.
    SopsNix,
}

/// What a failure of one secret means for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It keeps its previous value; the others are installed.
    Keep,
    /// Nothing is installed.
    Abort,
}

/// How units learn of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitsBy {
    /// By lists that the switch of NixOS reads.
    Lists,
    /// By `systemctl`.
    Systemctl,
}

/// What opens secrets.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    /// Files of age identities or SSH private keys, told apart by their content, as agenix has
    /// them.
    pub files: Vec<PathBuf>,
    /// Files of age identities.
    pub age_key_files: Vec<PathBuf>,
    /// SSH private keys.
    pub ssh_keys: Vec<SshKey>,
    /// Folder of GnuPG's keys.
    pub gnupg_home: Option<PathBuf>,
}

/// An SSH private key and what it may be used as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    /// Where it is.
    pub path: PathBuf,
    /// For age files, as itself and as the age key derived from it.
    pub age: bool,
    /// As OpenPGP key, if it is an RSA key.
    pub openpgp: bool,
}

/// Which of the lines that sops-nix prints are printed.
#[derive(Clone, Copy, Debug)]
pub struct Logging {
    /// About keys.
    pub key_import: bool,
    /// About changes.
    pub secret_changes: bool,
}

/// What is installed in one place.
#[derive(Clone, Debug)]
pub struct Tree {
    /// In messages.
    pub name: String,
    /// Whose folders, modes, groups and lines it has.
    pub layout: Layout,
    /// Where generations are kept.
    pub mount_point: PathBuf,
    /// The link to the live generation.
    pub link: PathBuf,
    /// What is mounted there.
    pub file_system: FileSystem,
    /// How many generations stay; 0 keeps all.
    pub keep_generations: u64,
    /// Secrets.
    pub secrets: Vec<Secret>,
    /// Texts with secrets in them.
    pub templates: Vec<Template>,
}

/// Whose folders, modes, groups and lines a tree has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// agenix.
    Agenix,
    /// sops-nix.
    SopsNix,
}

/// What is mounted under generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// Memory that is never swapped.
    Ramfs,
    /// Memory with a limit, not swapped where the system can do that.
    Tmpfs,
    /// Nothing.
    None,
}

/// What secrets and templates have in common.
#[derive(Clone, Debug)]
pub struct Item {
    /// File in the generation.
    pub name: String,
    /// The option that declares it.
    pub option: Option<String>,
    /// Where it appears; in the generation only where there is none.
    pub path: Option<PathBuf>,
    /// Whether a link is there; else a file of its own.
    pub symlink: bool,
    /// As it was written.
    pub mode: String,
    /// Whose it is.
    pub owner: Principal,
    /// Which group's it is.
    pub group: Principal,
    /// Units to restart.
    pub restart_units: Vec<String>,
    /// Units to reload.
    pub reload_units: Vec<String>,
    /// Whether its failure is none of the run.
    pub optional: bool,
    /// Instead of the manifest's.
    pub on_failure: Option<Policy>,
    /// Units that get it as a credential.
    pub credentials: Vec<Credential>,
}

impl Item {
    /// What to call it in messages: its option, or its kind and name.
    pub fn label(&self, kind: Kind) -> String {
        match &self.option {
            Some(option) => option.clone(),
            None => format!("{} '{}'", kind.word(), self.name),
        }
    }
}

/// Secrets and templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A secret.
    Secret,
    /// A text with secrets in it.
    Template,
}

impl Kind {
    /// In messages and results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Template => "template",
        }
    }
}

/// A user or group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// To be looked up.
    Name(String),
    /// As it is.
    Number(u32),
}

/// A unit, and what the credential is called in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The unit.
    pub unit: String,
    /// The credential.
    pub name: String,
}

/// A secret.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Name, place and rights.
    pub item: Item,
    /// Where its value is.
    pub source: ItemSource,
    /// Instead of the manifest's.
    pub host_public_keys: Option<Vec<String>>,
    /// What stands for it in templates.
    pub placeholder: Option<String>,
    /// Whether it is opened for templates only, and nothing is written for it.
    pub template_only: bool,
    /// Whether its file is there to be checked before it is on the host.
    pub check_file: bool,
}

/// Where the value of a secret is.
#[derive(Clone, Debug)]
pub enum ItemSource {
    /// An age file.
    Age(Age),
    /// A value of a SOPS file, or the whole of it.
    Sops(Sops),
}

impl ItemSource {
    /// The encrypted file.
    pub fn file(&self) -> &Path {
        match self {
            Self::Age(Age { file }) | Self::Sops(Sops { file, .. }) => file,
        }
    }

    /// The key in it, where there is one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Sops(sops) if !sops.is_whole() => Some(&sops.key),
            _ => None,
        }
    }
}

/// An age file.
#[derive(Clone, Debug)]
pub struct Age {
    /// Where it is.
    pub file: PathBuf,
}

/// A value in a SOPS file.
#[derive(Clone, Debug)]
pub struct Sops {
    /// Where it is.
    pub file: PathBuf,
    /// Its format.
    pub format: Format,
    /// Path with `/` to the value; empty for the whole file.
    pub key: String,
}

impl Sops {
    /// Whether the whole file is the secret.
    pub fn is_whole(&self) -> bool {
        self.key.is_empty() || !matches!(self.format, Format::Yaml | Format::Json)
    }
}

/// A text with secrets in it.
#[derive(Clone, Debug)]
pub struct Template {
    /// Name, place and rights.
    pub item: Item,
    /// The text; empty where it is in a file.
    pub content: String,
    /// A file with the text.
    pub file: Option<PathBuf>,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read; in the words of sops-install-secrets.
    #[error("failed to open manifest: {0}")]
    Open(fs::FsError),
    /// It is no JSON or not of that shape; in the words of sops-install-secrets.
    #[error("failed to parse manifest: {0}")]
    Parse(String),
    /// It says what cannot be done; in the words of sops-install-secrets.
    #[error("manifest is not valid: {0}")]
    Invalid(String),
    /// It is no manifest of version 1.
    #[error("'{}' is no manifest: {}", path.display(), problems.join("\n  "))]
    Own {
        /// Where it was read.
        path: PathBuf,
        /// Everything that is wrong, with its place.
        problems: Vec<String>,
    },
}

impl Manifest {
    /// Reads a manifest of either format.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let bytes = fs::read(path, LIMIT).map_err(ManifestError::Open)?;
        Self::parse(path, &bytes)
    }

    /// Reads the text of a manifest; `path` is for messages.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ManifestError> {
        let value = json::first_value(bytes).map_err(ManifestError::Parse)?;
        match value.get("version") {
            Some(_) => own::manifest(path, &value).map_err(|problems| ManifestError::Own {
                path: path.to_owned(),
                problems,
            }),
            None => sops_nix::manifest(path, &value).map_err(|wrong| match wrong {
                sops_nix::Wrong::Parse(reason) => ManifestError::Parse(reason),
                sops_nix::Wrong::Invalid(reason) => ManifestError::Invalid(reason),
            }),
        }
    }

    /// Whether it keeps to the letter of what sops-install-secrets does.
    pub fn is_exact(&self) -> bool {
        self.format == ManifestFormat::SopsNix
    }
}
