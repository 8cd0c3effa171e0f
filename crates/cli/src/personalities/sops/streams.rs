//! Reading a command's file, and writing its result.

use std::io::Write as _;
use std::path::Path;

use nixseal_base::fs::{self, Creation, Output};
use nixseal_base::secret::SecretBytes;

use super::failure::{Failure, code};
use super::log;
use super::session::Session;
use crate::input::input_or_nothing;
use crate::personalities::go_text::{path_error, quoted};

/// Larger files do not fit into memory several times.
const FILE_LIMIT: usize = 1 << 34;

/// What stands in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Encrypted: everybody may read it.
    Encrypted,
    /// In clear: a new file is the owner's alone.
    Plain,
}

impl Content {
    fn creation(self) -> Creation {
        let mode = match self {
            Self::Encrypted => 0o666,
            Self::Plain => 0o600,
        };
        Creation {
            mode,
            parents: false,
        }
    }
}

impl Session<'_> {
    /// The file of a command that may also read standard input: none for the latter. Refuses
    /// flags that exclude each other, and files that are not there.
    pub(super) fn file_or_input(&self) -> Result<Option<std::path::PathBuf>, Failure> {
        let in_place = self.flags.is_on("in-place");
        if self.arguments.is_empty() && in_place {
            return Err(Failure::conflict(
                "Error: cannot use --in-place when reading from stdin",
            ));
        }
        self.warn_of_more_arguments();
        self.refuse_two_outputs()?;
        let file = self.file();
        if let Some(file) = &file {
            refuse_missing(file)?;
        }
        Ok(file)
    }

    /// `--output` and `--in-place` exclude each other.
    pub(super) fn refuse_two_outputs(&self) -> Result<(), Failure> {
        if self.flags.is_on("in-place") && self.flags.path("output").is_some() {
            return Err(Failure::conflict(
                "Error: cannot operate on both --output and --in-place",
            ));
        }
        Ok(())
    }

    /// Reads a file, or standard input.
    pub(super) fn read(&self, file: Option<&Path>) -> Result<SecretBytes, Failure> {
        match file {
            Some(path) => fs::read_secret(path, FILE_LIMIT).map_err(|error| {
                let action = if error.cause.kind() == std::io::ErrorKind::IsADirectory {
                    "read"
                } else {
                    "open"
                };
                let cause = path_error(action, path, &error.cause);
                Failure::new(code::INPUT, format!("Error reading file: {cause}"))
            }),
            None => input_or_nothing(FILE_LIMIT).map_err(|failure| {
                let reason = failure.diagnostics.first().map(ToString::to_string);
                let reason = reason.unwrap_or_default();
                Failure::new(code::INPUT, format!("Error reading from stdin: {reason}"))
            }),
        }
    }

    /// Writes a result where the flags say: over the file, to `--output`, or to standard output.
    pub(super) fn deliver(
        &self,
        file: Option<&Path>,
        bytes: &[u8],
        content: Content,
    ) -> Result<(), Failure> {
        match (self.flags.is_on("in-place"), file) {
            (true, Some(path)) => self.replace(path, bytes, content),
            _ => match self.flags.path("output") {
                Some(path) => write(&path, bytes, content, "output"),
                None => {
                    self.context.ui.data(bytes);
                    Ok(())
                }
            },
        }
    }

    /// Writes a result over the file it came from, or to a new one.
    pub(super) fn replace(
        &self,
        path: &Path,
        bytes: &[u8],
        content: Content,
    ) -> Result<(), Failure> {
        write(path, bytes, content, "in-place")?;
        if self.verbose {
            log::info(&self.context.ui, "CMD", "File written successfully", None);
        }
        // What killed runs left; what cannot be removed is for the next one.
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let _ = fs::sweep(folder.unwrap_or(Path::new(".")));
        Ok(())
    }
}

/// Refuses a file that is not there.
pub(super) fn refuse_missing(file: &Path) -> Result<(), Failure> {
    let missing = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    if file.metadata().is_err_and(|error| missing(&error)) {
        let file = quoted(file.as_os_str().as_encoded_bytes());
        let message = format!("Error: cannot operate on non-existent file {file}");
        return Err(Failure::new(code::NO_FILE, message));
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8], content: Content, what: &str) -> Result<(), Failure> {
    let write = || {
        let mut output = Output::create(path, content.creation())?;
        output.write_all(bytes).map_err(|cause| fs::FsError {
            action: "write",
            path: path.to_owned(),
            cause,
        })?;
        output.finish()
    };
    write().map_err(|error: fs::FsError| {
        let cause = path_error("open", &error.path, &error.cause);
        let message = format!("Could not open {what} file for writing: {cause}");
        Failure::new(code::OUTPUT, message)
    })
}
