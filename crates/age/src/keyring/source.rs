//! Where identities come from, and reading them.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use nixseal_base::process;
use nixseal_base::secret::SecretBytes;

use super::Interaction;
use super::key::Key;
use crate::identity_file::{
    IdentityFile, IdentityFileError, Layout, MAXIMUM_FILE, ParsedIdentity, parse_identity_file,
};
use crate::plugin::PluginIdentity;
use crate::ssh::{SshKeyFile, SshPublicKey};

/// One place that may hold identities.
pub struct Source {
    pub(super) name: String,
    pub(super) kind: SourceKind,
    pub(super) required: bool,
    /// The recipient that a command is to print the identity of.
    recipient: Option<String>,
}

/// The variable in which SOPS tells a command the recipient.
const RECIPIENT: &str = "SOPS_AGE_RECIPIENT";

pub(super) enum SourceKind {
    File(PathBuf),
    Bytes(SecretBytes, Layout),
    Command(String),
    Plugin(String),
}

impl Source {
    /// A file: age identities, protected or not, or an SSH private key.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            name: path.display().to_string(),
            kind: SourceKind::File(path),
            required: false,
            recipient: None,
        }
    }

    /// Contents that were read elsewhere, for example from standard input.
    pub fn bytes(name: impl Into<String>, contents: SecretBytes) -> Self {
        Self::with_layout(name, contents, Layout::Lines)
    }

    /// Contents with a layout of their own.
    pub fn with_layout(name: impl Into<String>, contents: SecretBytes, layout: Layout) -> Self {
        Self {
            name: name.into(),
            kind: SourceKind::Bytes(contents, layout),
            required: false,
            recipient: None,
        }
    }

    /// A command that prints identities; split into words like a shell would,
    /// but not run by one, as SOPS does for `SOPS_AGE_KEY_CMD`.
    pub fn command(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: SourceKind::Command(command.into()),
            required: false,
            recipient: None,
        }
    }

    /// A plugin without data, as `age -j NAME`.
    pub fn plugin(name: impl Into<String>) -> Self {
        let plugin = name.into();
        Self {
            name: format!("plugin {plugin}"),
            kind: SourceKind::Plugin(plugin),
            required: false,
            recipient: None,
        }
    }

    /// The same source, but the keyring cannot be made without it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same source; if it is a command, it is told the recipient whose identity is wanted, as
    /// SOPS does, in `SOPS_AGE_RECIPIENT`.
    #[must_use]
    pub fn for_recipient(mut self, recipient: &str) -> Self {
        self.recipient = Some(recipient.to_owned());
        self
    }

    /// Name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match &self.kind {
            SourceKind::File(path) => Some(path),
            _ => None,
        }
    }

    /// Whether it is a command, which may take long or ask something itself.
    pub fn is_command(&self) -> bool {
        matches!(self.kind, SourceKind::Command(_))
    }

    pub(super) fn load(&self, interaction: &Arc<Interaction>) -> Loaded {
        match self.read(interaction) {
            Ok(keys) => Loaded::Keys(keys),
            Err(Unread::Absent) => Loaded::Absent,
            Err(Unread::Failed(error)) => Loaded::Failed(error),
        }
    }

    fn read(&self, interaction: &Arc<Interaction>) -> Result<Vec<Key>, Unread> {
        let (contents, layout) = match &self.kind {
            SourceKind::File(path) => (self.read_file(path)?, Layout::Lines),
            SourceKind::Bytes(contents, layout) => (contents.duplicate(), *layout),
            SourceKind::Command(command) => (self.run(command)?, Layout::Words),
            SourceKind::Plugin(name) => {
                let identity = PluginIdentity::without_data(name, interaction);
                let identity = identity.map_err(|error| self.failed(error.to_string()))?;
                return Ok(vec![Key::plugin(
                    self.name.clone(),
                    ParsedIdentity::of_plugin(identity),
                )]);
            }
        };
        let file = parse_identity_file(&self.name, contents, layout, interaction)?;
        Ok(match file {
            IdentityFile::Identities(identities) => identities
                .into_iter()
                .map(|identity| Key::of_identity(self.name.clone(), identity))
                .collect(),
            IdentityFile::Encrypted(file) => vec![Key::encrypted(self.name.clone(), file)],
            IdentityFile::Ssh(file) => {
                vec![Key::ssh(self.name.clone(), self.with_public_half(*file))]
            }
        })
    }

    fn read_file(&self, path: &Path) -> Result<SecretBytes, Unread> {
        let read = File::open(path).and_then(|file| SecretBytes::read_from(file, MAXIMUM_FILE));
        read.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory if !self.required => Unread::Absent,
            _ => self.failed(error.to_string()),
        })
    }

    fn run(&self, command: &str) -> Result<SecretBytes, Unread> {
        let words = shlex::split(command).ok_or_else(|| self.failed("its quotes do not match"))?;
        let Some((program, arguments)) = words.split_first() else {
            return Err(self.failed("the command is empty"));
        };
        let failed = |error: std::io::Error| self.failed(format!("'{program}': {error}"));
        let mut command = process::command(program);
        if let Some(recipient) = &self.recipient {
            command.env(RECIPIENT, recipient);
        }
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let output = child
            .stdout
            .take()
            .map(|output| SecretBytes::read_from(output, MAXIMUM_FILE));
        let status = child.wait().map_err(failed)?;
        if !status.success() {
            return Err(self.failed(format!("'{program}' failed: {status}")));
        }
        match output {
            Some(output) => output.map_err(failed),
            None => Ok(SecretBytes::default()),
        }
    }

    /// Old formats hide the public half; it is then looked for in `FILE.pub`.
    fn with_public_half(&self, file: SshKeyFile) -> SshKeyFile {
        let (None, Some(path)) = (file.public(), self.path()) else {
            return file;
        };
        let mut beside = path.as_os_str().to_owned();
        beside.push(".pub");
        let public = std::fs::read_to_string(beside).ok();
        match public.and_then(|text| SshPublicKey::parse_file(&text).ok()) {
            Some(public) => file.with_public(public),
            None => file,
        }
    }

    fn failed(&self, reason: impl Into<String>) -> Unread {
        Unread::Failed(IdentityFileError::Unreadable {
            name: self.name.clone(),
            reason: reason.into(),
        })
    }
}

/// What reading a source gave.
pub(super) enum Loaded {
    /// There is no such file.
    Absent,
    /// Something is there, but not usable.
    Failed(IdentityFileError),
    /// Identities, locked or not.
    Keys(Vec<Key>),
}

enum Unread {
    Absent,
    Failed(IdentityFileError),
}

impl From<IdentityFileError> for Unread {
    fn from(error: IdentityFileError) -> Self {
        Self::Failed(error)
    }
}
