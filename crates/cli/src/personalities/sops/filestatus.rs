//! `sops filestatus`: whether a file is encrypted.

use nixseal_sops::{EncryptedFile, Error, MetadataError};

use super::failure::{Failure, Outcome, code};
use super::session::Session;

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let Some(file) = session.file() else {
        return Err(Failure::new(code::NO_FILE, "Error: no file specified"));
    };
    let format = session.input_format(&file)?;
    let bytes = session.read(Some(&file)).map_err(|failure| {
        let message = format!(
            "cannot check file status: cannot load encrypted file: {}",
            failure.message
        );
        Failure::generic(message)
    })?;
    let encrypted = match EncryptedFile::parse(format, bytes.expose()) {
        Ok(file) => {
            let metadata = file.metadata();
            !metadata.version.is_empty() && !metadata.mac.is_empty()
        }
        Err(Error::Metadata(MetadataError::Missing)) => false,
        Err(error) => {
            let reason = Failure::from(error).message;
            let message = format!("cannot check file status: cannot load encrypted file: {reason}");
            return Err(Failure::generic(message));
        }
    };
    let status = format!("{{\"encrypted\":{encrypted}}}");
    session.context.ui.line(status);
    Ok(0)
}
