//! Recipients of the command line and of files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use nixseal_age::recipients::RecipientKind;
use nixseal_age::ssh::{SshKeyError, SshPublicKey};
use nixseal_age::{Interaction, Recipient, RecipientError, parse_recipient};

use super::complaint::Complaint;
use super::lines::{MOST_KEYS, Stdin, key_lines};
use super::plugins::PluginKey;
use crate::personalities::go_text::quoted;

/// Longest line of a recipients file, as in sshd(8).
const LONGEST_LINE: usize = 8 * 1024;

/// A recipient of any kind.
pub(super) type AnyRecipient = Box<dyn Recipient>;

/// Reads the value of `-r`.
pub(super) fn of_argument(
    argument: &OsStr,
    interaction: &Arc<Interaction>,
) -> Result<AnyRecipient, Complaint> {
    let shown = quoted(argument.as_bytes());
    let unknown = || Complaint::new(format!("unknown recipient type: {shown}"));
    let text = argument.to_str().ok_or_else(unknown)?;
    parse(text, interaction).map_err(|error| match error {
        RecipientError::Empty | RecipientError::Unknown(_) | RecipientError::Options(_) => {
            unknown()
        }
        RecipientError::GitHub(_) => {
            let user = text.trim_start_matches("github:");
            Complaint::new("\"github:\" recipients were removed from the design")
                .hint("instead, use recipient files like")
                .hint(format!("    curl -O https://github.com/{user}.keys"))
                .hint(format!("    age -R {user}.keys"))
        }
        // Other SSH keys, with or without options before them.
        RecipientError::Ssh { .. } if !text.trim_start().starts_with("ssh-") => unknown(),
        RecipientError::Ssh { reason, .. } => {
            let reason = ssh_reason(&reason);
            Complaint::new(format!("malformed SSH recipient: {shown}: {reason}"))
        }
        RecipientError::Native(error) => Complaint::new(error.to_string()),
        RecipientError::Plugin { reason, .. } => {
            Complaint::new(format!("malformed recipient {shown}: {reason}"))
        }
        private @ RecipientError::PrivateKey => {
            Complaint::new(format!("unknown recipient type: {private}"))
        }
        other => Complaint::new(other.to_string()),
    })
}

fn parse(text: &str, interaction: &Arc<Interaction>) -> Result<AnyRecipient, RecipientError> {
    let recipient = parse_recipient(text, interaction)?;
    Ok(match recipient.kind() {
        RecipientKind::Plugin(name) => {
            let name = name.clone();
            Box::new(PluginKey::new(name, recipient, interaction))
        }
        _ => Box::new(recipient),
    })
}

/// Why an SSH key is no recipient, in the words of the original where scripts
/// may know them.
pub(super) fn ssh_reason(error: &SshKeyError) -> String {
    match error {
        SshKeyError::WeakRsa { .. } => "RSA key size is too small".to_owned(),
        other => other.to_string(),
    }
}

/// What a recipients file gave.
#[derive(Default)]
pub(super) struct FileRecipients {
    pub(super) recipients: Vec<AnyRecipient>,
    /// Also when the file was refused in the end.
    pub(super) warnings: Vec<String>,
}

/// Reads the value of `-R`, `-` for standard input.
pub(super) fn of_file(
    path: &Path,
    stdin: &mut Stdin,
    interaction: &Arc<Interaction>,
    found: &mut FileRecipients,
) -> Result<(), Complaint> {
    let name = quoted(path.as_os_str().as_bytes());
    let result = stdin
        .read_file(path, "failed to open recipient file", MOST_KEYS)
        .and_then(|content| of_content(content.expose(), &name, interaction, found));
    result.map_err(|reason| {
        Complaint::new(format!("failed to parse recipient file {name}: {reason}"))
    })
}

fn of_content(
    content: &[u8],
    name: &str,
    interaction: &Arc<Interaction>,
    found: &mut FileRecipients,
) -> Result<(), String> {
    let before = found.recipients.len();
    for line in key_lines(content) {
        let (number, line) =
            line.map_err(|reason| format!("{name}: failed to read recipients file: {reason}"))?;
        let text = std::str::from_utf8(line)
            .map_err(|_| format!("{name}: recipients file is not valid UTF-8"))?;
        if text.len() > LONGEST_LINE {
            return Err(format!("{name}: line {number} is too long"));
        }
        match parse(text, interaction) {
            Ok(recipient) => found.recipients.push(recipient),
            // What is in the file may be confidential, so it is not shown.
            Err(error) => match unsupported_ssh_type(text) {
                Some(kind) => found.warnings.push(format!(
                    "recipients file {name}: ignoring unsupported SSH key of type {} at line {number}",
                    quoted(kind)
                )),
                None if matches!(error, RecipientError::PrivateKey) => {
                    return Err(format!(
                        "{name}: error at line {number}: apparent identity found in recipients file"
                    ));
                }
                None => return Err(format!("{name}: malformed recipient at line {number}")),
            },
        }
    }
    if found.recipients.len() == before {
        return Err(format!("{name}: no recipients found"));
    }
    Ok(())
}

/// The type of a sound SSH key that cannot be a recipient: of a type that age
/// has no stanza for, or too short.
fn unsupported_ssh_type(line: &str) -> Option<String> {
    match SshPublicKey::parse_line(line) {
        Ok(key) => line
            .starts_with(key.algorithm().name())
            .then(|| key.algorithm().name().to_owned()),
        Err(SshKeyError::UnsupportedType(kind)) => line.starts_with(&kind).then_some(kind),
        Err(_) => None,
    }
}
