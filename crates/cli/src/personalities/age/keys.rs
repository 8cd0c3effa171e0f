//! Identities: key files, protected ones among them, and plugins.

use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use nixseal_age::plugin::PluginIdentity;
use nixseal_age::{
    FileKey, HybridIdentity, Identity, Interaction, Stanza, UnwrapError, X25519Identity,
};
use nixseal_base::env::Environment;
use nixseal_base::prompt::Prompter;

use super::complaint::Complaint;
use super::lines::{MOST_KEYS, Stdin, key_lines};
use super::options::Key;
use super::passphrase::AgePrompter;
use super::plugins::PluginKey;
use super::protected::ProtectedFile;
use super::recipients::AnyRecipient;
use super::ssh_keys;
use crate::personalities::go_text::quoted;
use crate::ui::UserPrompter;

/// Most bytes of an SSH key file.
const MOST_SSH_KEY: usize = 16 << 10;

/// Who is asked, and how plugins ask.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) prompter: Arc<dyn Prompter>,
    pub(super) interaction: Arc<Interaction>,
}

impl Asking {
    /// Asks the user of this process.
    pub(super) fn new(environment: &Environment) -> Self {
        let prompter: Arc<dyn Prompter> = Arc::new(AgePrompter(UserPrompter::new(environment)));
        Self {
            interaction: Interaction::new(environment.clone(), Arc::clone(&prompter)),
            prompter,
        }
    }
}

/// An identity, with what it takes to encrypt to it.
pub(super) struct AnyIdentity {
    kind: Kind,
    /// Whether it needs neither user nor program.
    native: bool,
}

enum Kind {
    Single {
        identity: Box<dyn Identity>,
        recipient: RecipientOf,
    },
    Protected(ProtectedFile),
}

/// Makes the recipient of an identity, or tells why there is none.
type RecipientOf = Box<dyn Fn() -> Result<AnyRecipient, String> + Send + Sync>;

impl AnyIdentity {
    /// One identity that stands by itself.
    pub(super) fn single(
        identity: impl Identity + 'static,
        recipient: impl Fn() -> Result<AnyRecipient, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind: Kind::Single {
                identity: Box::new(identity),
                recipient: Box::new(recipient),
            },
            native: false,
        }
    }

    fn native(mut self) -> Self {
        self.native = true;
        self
    }

    /// Everybody it takes to encrypt to it.
    pub(super) fn recipients(&self) -> Result<Vec<AnyRecipient>, String> {
        match &self.kind {
            Kind::Single { recipient, .. } => Ok(vec![recipient()?]),
            Kind::Protected(file) => file.recipients(),
        }
    }

    /// Whether a protected file was opened and nothing in it fitted.
    pub(super) fn warning(&self) -> Option<String> {
        match &self.kind {
            Kind::Single { .. } => None,
            Kind::Protected(file) => file.warning(),
        }
    }
}

impl fmt::Display for AnyIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Single { identity, .. } => identity.fmt(formatter),
            Kind::Protected(file) => file.fmt(formatter),
        }
    }
}

impl Identity for AnyIdentity {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        match &self.kind {
            Kind::Single { identity, .. } => identity.unwrap(stanzas),
            Kind::Protected(file) => file.unwrap(stanzas),
        }
    }
}

/// Reads all of `keys`, in their order.
pub(super) fn read(
    keys: &[Key<'_>],
    stdin: &mut Stdin,
    asking: &Asking,
) -> Result<Vec<Vec<AnyIdentity>>, Complaint> {
    let one = |key: &Key<'_>| match key {
        Key::File(path) => of_file(path, stdin, asking).map_err(|reason| {
            let name = quoted(path.as_os_str().as_bytes());
            Complaint::new(format!("reading {name}: {reason}"))
        }),
        Key::Plugin(name) => {
            let quoted = quoted(name.as_bytes());
            let invalid = || format!("initializing {quoted}: invalid plugin name: {quoted}");
            let identity = name
                .to_str()
                .and_then(|name| PluginIdentity::without_data(name, &asking.interaction).ok())
                .ok_or_else(|| Complaint::new(invalid()))?;
            Ok(vec![of_plugin(identity, asking)])
        }
    };
    keys.iter().map(one).collect()
}

/// Everybody it takes to encrypt to all of `keys`.
pub(super) fn recipients(
    keys: &[Key<'_>],
    stdin: &mut Stdin,
    asking: &Asking,
) -> Result<Vec<AnyRecipient>, Complaint> {
    let mut recipients = Vec::new();
    for (key, identities) in keys.iter().zip(read(keys, stdin, asking)?) {
        for identity in identities {
            recipients.extend(identity.recipients().map_err(|reason| {
                let name = quoted(key.as_bytes());
                Complaint::new(format!("internal error processing {name}: {reason}"))
            })?);
        }
    }
    Ok(recipients)
}

/// All identities in one list, those first that need neither user nor program.
pub(super) fn in_order_of_trying(keys: Vec<Vec<AnyIdentity>>) -> Vec<AnyIdentity> {
    let mut identities: Vec<_> = keys.into_iter().flatten().collect();
    identities.sort_by_key(|identity| !identity.native);
    identities
}

fn of_file(path: &Path, stdin: &mut Stdin, asking: &Asking) -> Result<Vec<AnyIdentity>, String> {
    let name = quoted(path.as_os_str().as_bytes());
    let content = stdin.read_file(path, "failed to open file", MOST_KEYS)?;
    let bytes = content.expose();
    let failed = |reason: &str| format!("failed to read {name}: {reason}");
    if bytes.starts_with(b"age-encryption") || bytes.starts_with(b"-----BEGIN AGE") {
        if bytes.len() == MOST_KEYS {
            return Err(failed("file too long"));
        }
        let file = ProtectedFile::new(name, content, asking);
        return Ok(vec![AnyIdentity {
            kind: Kind::Protected(file),
            native: false,
        }]);
    }
    if bytes.starts_with(b"-----BEGIN") {
        if bytes.len() >= MOST_SSH_KEY {
            return Err(failed("file too long"));
        }
        return ssh_keys::parse(path, bytes, asking).map(|identity| vec![identity]);
    }
    parse(bytes, asking).map_err(|reason| failed(&reason))
}

/// Reads an identity file that is not protected.
pub(super) fn parse(content: &[u8], asking: &Asking) -> Result<Vec<AnyIdentity>, String> {
    let mut identities = Vec::new();
    for line in key_lines(content) {
        let (number, line) =
            line.map_err(|reason| format!("failed to read identities file: {reason}"))?;
        let text = std::str::from_utf8(line).map_err(|_| "identities file is not valid UTF-8")?;
        let identity = parse_line(text, asking).map_err(|reason| {
            if text.starts_with("age1") {
                let found = "apparent recipient found in identities file";
                format!("error at line {number}: {found}")
            } else {
                format!("error at line {number}: {reason}")
            }
        })?;
        identities.push(identity);
    }
    if identities.is_empty() {
        return Err("no identities found".to_owned());
    }
    Ok(identities)
}

fn parse_line(text: &str, asking: &Asking) -> Result<AnyIdentity, String> {
    if text.starts_with("AGE-PLUGIN-") {
        let identity = PluginIdentity::parse(text, &asking.interaction)
            .map_err(|error| format!("invalid identity encoding: {error}"))?;
        Ok(of_plugin(identity, asking))
    } else if text.starts_with("AGE-SECRET-KEY-1") {
        let identity = X25519Identity::parse(text).map_err(|error| error.to_string())?;
        let recipient = identity.recipient();
        let recipient = move || Ok::<AnyRecipient, _>(Box::new(recipient.clone()));
        Ok(AnyIdentity::single(identity, recipient).native())
    } else if text.starts_with("AGE-SECRET-KEY-PQ-1") {
        let identity = HybridIdentity::parse(text).map_err(|error| error.to_string())?;
        let recipient = identity.recipient();
        let recipient = move || Ok::<AnyRecipient, _>(Box::new(recipient.clone()));
        Ok(AnyIdentity::single(identity, recipient).native())
    } else {
        Err("unknown identity type".to_owned())
    }
}

fn of_plugin(identity: PluginIdentity, asking: &Asking) -> AnyIdentity {
    let name = identity.name().to_owned();
    let identity = Arc::new(identity);
    let interaction = Arc::clone(&asking.interaction);
    let recipient = {
        let (name, identity) = (name.clone(), Arc::clone(&identity));
        let interaction = Arc::clone(&interaction);
        move || {
            let recipient = identity.to_recipient();
            let key = PluginKey::new(name.clone(), recipient, &interaction);
            Ok::<AnyRecipient, _>(Box::new(key))
        }
    };
    AnyIdentity::single(PluginKey::new(name, identity, &interaction), recipient)
}
