//! Recipients files (`-R`): one recipient a line, `#` comments, blank lines.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ParsedRecipient, RecipientError, parse_recipient};
use crate::keyring::Interaction;

/// Go age and sshd(8): no line is longer.
const MAXIMUM_LINE: usize = 8 * 1024;
/// Go age reads no more.
const MAXIMUM_FILE: usize = 16 * 1024 * 1024;

/// What a recipients file holds.
#[derive(Debug)]
pub struct RecipientsFile {
    /// In the order of the file; at least one.
    pub recipients: Vec<ParsedRecipient>,
    /// Lines that were skipped, to be shown.
    pub warnings: Vec<String>,
}

/// Why a recipients file is refused. Lines are not repeated: somebody may have
/// named a confidential file by mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientsFileError {
    /// A line is no recipient.
    #[error("'{name}': malformed recipient at line {line}")]
    Malformed {
        /// Name of the file.
        name: String,
        /// Line, from 1.
        line: usize,
    },
    /// A private key among the recipients.
    #[error("'{name}': error at line {line}: apparent identity found in recipients file")]
    PrivateKey {
        /// Name of the file.
        name: String,
        /// Line, from 1.
        line: usize,
    },
    /// A line is longer than 8 KiB.
    #[error("'{name}': line {line} is too long")]
    LongLine {
        /// Name of the file.
        name: String,
        /// Line, from 1.
        line: usize,
    },
    /// The file is larger than 16 MiB.
    #[error("'{name}': the file is too long")]
    LongFile {
        /// Name of the file.
        name: String,
    },
    /// The file is not text.
    #[error("'{name}': recipients file is not valid UTF-8")]
    NotText {
        /// Name of the file.
        name: String,
    },
    /// The file holds comments only.
    #[error("'{name}': no recipients found")]
    Empty {
        /// Name of the file.
        name: String,
    },
}

/// Reads a recipients file as Go age does; `name` is for messages.
///
/// # Errors
/// [`RecipientsFileError`].
pub fn parse_recipients_file(
    name: &str,
    bytes: &[u8],
    interaction: &Arc<Interaction>,
) -> Result<RecipientsFile, RecipientsFileError> {
    let name = name.to_owned();
    if bytes.len() > MAXIMUM_FILE {
        return Err(RecipientsFileError::LongFile { name });
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(RecipientsFileError::NotText { name });
    };
    let mut file = RecipientsFile {
        recipients: Vec::new(),
        warnings: Vec::new(),
    };
    for (line, content) in (1..).zip(text.lines()) {
        if content.starts_with('#') || content.trim().is_empty() {
            continue;
        }
        if content.len() > MAXIMUM_LINE {
            return Err(RecipientsFileError::LongLine { name, line });
        }
        match parse_recipient(content, interaction) {
            Ok(recipient) => file.recipients.push(recipient),
            Err(RecipientError::PrivateKey) => {
                return Err(RecipientsFileError::PrivateKey { name, line });
            }
            Err(_) => match ssh_key_type(content) {
                Some(kind) => file.warnings.push(format!(
                    "recipients file '{name}': ignoring unsupported SSH key of type '{kind}' \
                     at line {line}"
                )),
                None => return Err(RecipientsFileError::Malformed { name, line }),
            },
        }
    }
    if file.recipients.is_empty() {
        return Err(RecipientsFileError::Empty { name });
    }
    Ok(file)
}

/// The type of a line that is a valid SSH key, though not one for age.
fn ssh_key_type(line: &str) -> Option<&str> {
    let mut fields = line.split([' ', '\t']);
    let (name, encoded) = (fields.next()?, fields.next()?);
    let wire = STANDARD.decode(encoded).ok()?;
    let (length, rest) = wire.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    (rest.get(..length)? == name.as_bytes()).then_some(name)
}
