//! Where findings are gathered.

use std::path::{Path, PathBuf};

use nixseal_base::diag::Diagnostic;
use nixseal_lint::rule::Rule;
use nixseal_lint::{Finding, Place, Text};

/// What was found so far.
pub(crate) struct Finder<'a> {
    base: &'a Path,
    pub(crate) found: Vec<Finding>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(base: &'a Path) -> Self {
        Self {
            base,
            found: Vec::new(),
        }
    }

    /// A path as it is shown.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.base).unwrap_or(path).to_owned()
    }

    /// A finding about a file as a whole. `FILE` in the advice is the file.
    pub(crate) fn file(&mut self, rule: &'static Rule, path: &Path, message: impl Into<String>) {
        let path = self.shown(path);
        let help = rule.instead.replace("FILE", &path.display().to_string());
        self.found.push(Finding {
            rule,
            path,
            place: None,
            message: message.into(),
            help,
        });
    }

    /// A finding at a place.
    pub(crate) fn place(
        &mut self,
        rule: &'static Rule,
        path: PathBuf,
        place: Place,
        message: String,
        file: &Path,
    ) {
        let help = rule
            .instead
            .replace("FILE", &self.shown(file).display().to_string());
        self.found.push(Finding {
            rule,
            path,
            place: Some(place),
            message,
            help,
        });
    }

    /// A finding that somebody else described.
    pub(crate) fn diagnostic(&mut self, rule: &'static Rule, diagnostic: &Diagnostic) {
        let help = match diagnostic.hints.is_empty() {
            true => rule.instead.to_owned(),
            false => diagnostic.hints.join("; "),
        };
        let (path, place) = match &diagnostic.place {
            None => (PathBuf::from("."), None),
            Some((source, span)) => {
                let path = self.shown(&source.path);
                (path, Some(Text::new(&source.text).place(*span, &[])))
            }
        };
        self.found.push(Finding {
            rule,
            path,
            place,
            message: diagnostic.message.clone(),
            help,
        });
    }
}
