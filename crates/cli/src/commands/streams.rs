//! Where a stream comes from and where it goes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use nixseal_base::fs::{Creation, Output, open};
use nixseal_base::prompt::{PromptError, Prompter};
use nixseal_base::secret::SecretText;

use crate::failure::Failure;

/// Whether what is written may be read by others.
#[derive(Clone, Copy)]
pub(super) enum Secrecy {
    Public,
    Private,
}

/// A file, or standard input for none and for `-`.
pub(super) fn input(path: Option<&Path>) -> Result<Box<dyn Read + Send>, Failure> {
    match path {
        Some(path) if path.as_os_str() != "-" => Ok(Box::new(open(path)?)),
        _ => Ok(Box::new(unbuffered(io::stdin().as_fd())?)),
    }
}

/// A file that appears when it is complete, or standard output.
pub(super) enum Target {
    File(Output),
    Stream(File),
}

impl Target {
    /// Opens a file, or standard output for none and for `-`.
    pub(super) fn create(path: Option<&Path>, secrecy: Secrecy) -> Result<Self, Failure> {
        let creation = match secrecy {
            Secrecy::Public => Creation {
                parents: false,
                ..Creation::PUBLIC
            },
            Secrecy::Private => Creation::PRIVATE,
        };
        match path {
            Some(path) if path.as_os_str() != "-" => {
                Ok(Self::File(Output::create(path, creation)?))
            }
            _ => Ok(Self::Stream(unbuffered(io::stdout().as_fd())?)),
        }
    }

    /// Puts a file in its place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::File(output) => Ok(output.finish()?),
            Self::Stream(_) => Ok(()),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(output) => output.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(output) => output.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// The standard streams of the library buffer small pieces; ours are large.
fn unbuffered(stream: BorrowedFd<'_>) -> Result<File, Failure> {
    let owned = stream.try_clone_to_owned();
    owned
        .map(File::from)
        .map_err(|cause| Failure::new(format!("cannot use a standard stream: {cause}")))
}

/// Asks for a new passphrase twice.
pub(super) fn new_passphrase(prompter: &dyn Prompter) -> Result<SecretText, Failure> {
    loop {
        let first = prompter.secret("New passphrase")?;
        if first.is_empty() {
            return Err(PromptError::Cancelled.into());
        }
        if prompter.secret("The same once more")? == first {
            return Ok(first);
        }
        prompter.message("they differ, try again");
    }
}
