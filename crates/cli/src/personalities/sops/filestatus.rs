//! `sops filestatus`: whether a file is encrypted.

use std::path::Path;

use nixseal_document::Format;
use nixseal_sops::{EncryptedFile, Error, MetadataError};

use super::failure::{Failure, Outcome, code};
use super::log;
use super::session::Session;

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let Some(file) = session.file() else {
        return Err(Failure::new(code::NO_FILE, "Error: no file specified"));
    };
    let format = session.input_format(&file)?;
    match is_encrypted(session, &file, format) {
        Ok(encrypted) => {
            let status = format!("{{\"encrypted\":{encrypted}}}");
            session.context.ui.line(status);
            Ok(0)
        }
        // The original logs this one instead of printing it.
        Err(failure) => {
            let reason = failure.message;
            let message = format!("cannot check file status: cannot load encrypted file: {reason}");
            log::fatal(&session.context.ui, &message);
            Ok(code::GENERIC)
        }
    }
}

fn is_encrypted(session: &Session<'_>, file: &Path, format: Format) -> Result<bool, Failure> {
    let bytes = session.read(Some(file))?;
    match EncryptedFile::parse(format, bytes.expose()) {
        Ok(file) => {
            let metadata = file.metadata();
            Ok(!metadata.version.is_empty() && !metadata.mac.is_empty())
        }
        Err(Error::Metadata(MetadataError::Missing)) => Ok(false),
        Err(error) => Err(Failure::of_file(format, error)),
    }
}
