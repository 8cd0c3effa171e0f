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
    /// A file of keys that was named cannot be read.
    #[error("{0}")]
    File(String),
    /// The message is none, or cut off, or changed.
    #[error("the message is damaged: {0}")]
    Damaged(String),
    /// No place has the key; one line says which key, and where it was looked for.
    #[error("{0}")]
    NoKey(String),
    /// The key is there and does not serve: expired, revoked, locked and so on.
    #[error("key {key}: {reason}")]
    Unusable {
        /// Its fingerprint or key ID.
        key: String,
        /// Why.
        reason: String,
    },
    /// Randomness or arithmetic failed.
    #[error("OpenPGP encryption failed: {0}")]
    Encryption(String),
    /// An SSH key that makes no OpenPGP key.
    #[error("it makes no OpenPGP key: {0}")]
    Conversion(String),
    /// Several ways were tried, and all failed.
    #[error("{}", join(.0))]
    All(Vec<PgpError>),
}

fn join(errors: &[PgpError]) -> String {
    let lines: Vec<String> = errors.iter().map(PgpError::to_string).collect();
    lines.join("; ")
}
