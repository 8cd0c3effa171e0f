//! Why OpenPGP did not work.

/// Why a message could not be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PgpError {
    /// The program cannot be run.
    #[error("cannot run '{program}': {cause}; install GnuPG or set SOPS_GPG_EXEC")]
    Start {
        /// Its name or path.
        program: String,
        /// Why.
        cause: std::io::Error,
    },
    /// Talking to the program failed.
    #[error("talking to '{program}' failed: {cause}")]
    Talk {
        /// Its name or path.
        program: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The program ran and refused.
    #[error("{program}: {message}")]
    Refused {
        /// Its name or path.
        program: String,
        /// What it said, one line.
        message: String,
    },
    /// Success, but nothing came: an old GnuPG drops what it does not understand.
    #[error(
        "{program} decrypted the message to nothing: \
         it may be too old for the cipher that was used"
    )]
    Empty {
        /// Its name or path.
        program: String,
    },
    /// Something that is no fingerprint and might be taken for an option.
    #[error("'{0}' is not a fingerprint of an OpenPGP key")]
    Fingerprint(String),
}
