//! Writing new content, with care for emptied secrets.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_repository::Secret;
use nixseal_repository::edit::{Before, Current, EditError, write, write_typed};
use nixseal_repository::lock::Lock;
use nixseal_repository::rekey::FailureReason;

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
    /// The file itself.
    pub(in crate::personalities) before: Before,
}

impl Had {
    /// A file that was opened, or none.
    pub(in crate::personalities) fn of(current: Option<&Current>) -> Self {
        Self {
            content: current.is_some_and(|current| !current.plaintext.is_empty()),
            before: current.map(Before::read).unwrap_or_default(),
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
            write_typed(self.secret, self.path, text, &had.before, lock, environment)
        } else {
            write(self.secret, self.path, text, &had.before, lock)
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

/// What to tell of a file that was not opened, behind the `words` of the tool for the reason.
pub(in crate::personalities) fn not_opened(
    error: EditError,
    words: impl Fn(&FailureReason) -> Option<&'static str>,
) -> Failure {
    let words = match &error {
        EditError::NotOpened { reason, .. } => words(reason),
        _ => None,
    };
    let mut failure = failed(error);
    if let (Some(words), Some(first)) = (words, failure.diagnostics.first_mut()) {
        first.message = format!("{words}: {}", first.message);
    }
    failure
}

/// What to tell of an edit that failed.
pub(in crate::personalities) fn failed(error: EditError) -> Failure {
    Failure::of(error.diagnostic())
}
