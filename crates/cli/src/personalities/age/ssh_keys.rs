//! SSH private keys, unlocked only when a file is for them.

use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use nixseal_age::ssh::{SshIdentity, SshKeyError, SshKeyFile, SshPublicKey, SshRecipient};
use nixseal_age::{FileKey, Identity, Stanza, UnwrapError};
use nixseal_base::fs;
use nixseal_base::prompt::Prompter;

use super::keys::{AnyIdentity, Asking};
use super::recipients::{AnyRecipient, ssh_reason};
use crate::personalities::go_text::{path_error, quoted};

/// Most bytes of a public key file.
const MOST_PUBLIC_KEY: usize = 64 << 10;

/// Reads the SSH private key in `bytes`, the content of `path`.
pub(super) fn parse(path: &Path, bytes: &[u8], asking: &Asking) -> Result<AnyIdentity, String> {
    let name = quoted(path.as_os_str().as_bytes());
    let malformed = |error: SshKeyError| match error {
        SshKeyError::UnsupportedType(kind) => {
            format!("malformed SSH identity in {name}: unsupported SSH identity type: {kind}")
        }
        error => format!("malformed SSH identity in {name}: {error}"),
    };
    let file = SshKeyFile::parse(bytes).map_err(malformed)?;
    if !file.needs_passphrase() {
        let key = Arc::new(file.unlock(None).map_err(malformed)?);
        let public = key.public().clone();
        return Ok(AnyIdentity::single(
            SshIdentity::new(&key),
            recipient_of(public),
        ));
    }
    let (file, public) = match file.public().cloned() {
        Some(public) => (file, public),
        None => {
            let public = read_public(path)?;
            (file.with_public(public.clone()), public)
        }
    };
    let recipient = recipient_of(public.clone());
    let identity = LockedKey {
        name,
        file,
        public,
        prompter: Arc::clone(&asking.prompter),
        unlocked: OnceLock::new(),
    };
    Ok(AnyIdentity::single(identity, recipient))
}

fn recipient_of(
    public: SshPublicKey,
) -> impl Fn() -> Result<AnyRecipient, String> + Send + Sync + 'static {
    move || match SshRecipient::new(public.clone()) {
        Ok(recipient) => Ok(Box::new(recipient)),
        Err(error) => Err(ssh_reason(&error)),
    }
}

/// The public half beside an old private key file, in which it is locked in.
fn read_public(path: &Path) -> Result<SshPublicKey, String> {
    let advice = "convert the private key";
    if path.as_os_str() == "-" {
        return Err(format!(
            "failed to obtain public key for \"-\" SSH key\n\nUse a file for which the \
             corresponding \".pub\" file exists, or {advice} to a modern format with \
             \"ssh-keygen -p\""
        ));
    }
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    let name = quoted(public.as_os_str().as_bytes());
    let text = fs::read_text(&public, MOST_PUBLIC_KEY).map_err(|error| {
        let private = quoted(path.as_os_str().as_bytes());
        let cause = path_error("open", &public, &error.cause);
        format!(
            "failed to obtain public key for {private} SSH key: {cause}\n\nEnsure {name} \
             exists, or {advice} {private} to a modern format with \"ssh-keygen -p\""
        )
    })?;
    SshPublicKey::parse_file(&text).map_err(|error| format!("failed to parse {name}: {error}"))
}

/// A key file with a passphrase, which is asked for when a stanza names the key.
struct LockedKey {
    /// The file's name in quotes.
    name: String,
    file: SshKeyFile,
    public: SshPublicKey,
    prompter: Arc<dyn Prompter>,
    unlocked: OnceLock<SshIdentity>,
}

impl LockedKey {
    fn is_named(&self, stanzas: &[Stanza]) -> bool {
        let (kind, tag) = (self.public.algorithm().name(), self.public.tag());
        let names = |stanza: &Stanza| stanza.tag == kind && stanza.args.first() == Some(&tag);
        stanzas.iter().any(names)
    }

    fn unlock(&self) -> Result<SshIdentity, String> {
        let name = &self.name;
        let passphrase = self
            .prompter
            .secret(&format!("Enter passphrase for {name}"))
            .map_err(|error| {
                format!(
                    "failed to obtain passphrase: could not read passphrase for {name}: {error}"
                )
            })?;
        match self.file.unlock(Some(&passphrase)) {
            Ok(key) => Ok(SshIdentity::new(&Arc::new(key))),
            Err(SshKeyError::Mismatch) => Err("mismatched private and public SSH key".to_owned()),
            Err(error) => Err(format!("failed to decrypt SSH key file: {error}")),
        }
    }
}

impl fmt::Display for LockedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl Identity for LockedKey {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        if let Some(identity) = self.unlocked.get() {
            return identity.unwrap(stanzas);
        }
        if !self.is_named(stanzas) {
            return Err(UnwrapError::NoMatch);
        }
        let identity = self.unlock().map_err(UnwrapError::Unusable)?;
        self.unlocked.get_or_init(|| identity).unwrap(stanzas)
    }
}
