//! Writing new content, with care for emptied secrets.

use std::io;
use std::path::Path;

use nixseal_age::Armor;
use nixseal_base::secret::SecretBytes;
use nixseal_repository::edit::{Current, EditError, write, write_typed};
use nixseal_repository::lock::Lock;
use nixseal_repository::{FILE_LIMIT, Secret};
use rustix::fs::{OFlags, Stat, fcntl_getfl, fstat, stat};

use crate::commands::Session;
use crate::failure::Failure;

/// A secret whose content is replaced.
pub(in crate::personalities) struct Change<'a> {
    pub(in crate::personalities) session: &'a Session<'a>,
    pub(in crate::personalities) secret: &'a Secret,
    pub(in crate::personalities) path: &'a Path,
    /// How messages call the file.
    pub(in crate::personalities) name: &'a str,
    /// Whether nothing may not replace something.
    pub(in crate::personalities) refuse_empty: bool,
    /// Whether somebody typed the content: then it is kept if writing fails.
    pub(in crate::personalities) typed: bool,
}

/// What is known of the old file.
#[derive(Default)]
pub(in crate::personalities) struct Had {
    /// Whether it held something.
    pub(in crate::personalities) content: bool,
    /// How it was written.
    pub(in crate::personalities) armor: Option<Armor>,
}

impl Had {
    /// A file that was opened, or none.
    pub(in crate::personalities) fn of(current: Option<&Current>) -> Self {
        Self {
            content: current.is_some_and(|current| !current.plaintext.is_empty()),
            armor: current.map(|current| current.armor),
        }
    }
}

impl Change<'_> {
    /// Encrypts `text` and puts it in place of the old file.
    pub(in crate::personalities) fn write(
        &self,
        text: &SecretBytes,
        had: &Had,
        lock: Option<&mut Lock>,
    ) -> Result<(), Failure> {
        let emptied = text.is_empty() && had.content;
        if emptied && self.refuse_empty {
            return Err(
                Failure::new(format!("nothing would replace '{}'; it is kept", self.name))
                    .hint("leave out --refuse-empty to empty it"),
            );
        }
        if self.typed {
            let environment = &self.session.context.environment;
            write_typed(self.secret, self.path, text, had.armor, lock, environment)
        } else {
            write(self.secret, self.path, text, had.armor, lock)
        }
        .map_err(failed)?;
        if emptied {
            self.session
                .context
                .ui
                .warn(format!("'{}' is empty now", self.name));
        }
        Ok(())
    }
}

/// Everything on standard input; `None` where it was closed, which is not the
/// same as nothing.
pub(in crate::personalities) fn standard_input() -> Result<Option<SecretBytes>, Failure> {
    if was_closed(&io::stdin()) {
        return Ok(None);
    }
    SecretBytes::read_from(io::stdin().lock(), FILE_LIMIT)
        .map(Some)
        .map_err(|cause| Failure::new(format!("cannot read standard input: {cause}")))
}

/// Whether standard input was closed at start: then Rust's runtime has put
/// `/dev/null` there, open for both ways, as no shell does.
fn was_closed(stdin: &io::Stdin) -> bool {
    let both_ways = fcntl_getfl(stdin).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR);
    let device = |data: Result<Stat, _>| data.ok().map(|data| data.st_rdev);
    both_ways && device(fstat(stdin)) == device(stat("/dev/null"))
}

/// What to tell of an edit that failed.
pub(in crate::personalities) fn failed(error: EditError) -> Failure {
    Failure::of(error.diagnostic())
}
