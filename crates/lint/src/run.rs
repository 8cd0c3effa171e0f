//! Many files at once.

use std::path::{Path, PathBuf};

use nixseal_base::diag::Diagnostic;
use nixseal_base::fs;
use rayon::prelude::*;

use crate::files::{Surroundings, content};
use crate::finding::Finding;
use crate::lint::{Report, report};
use crate::{beside, rule};

/// Stack of a thread that walks a tree: more than the deepest tree takes.
const STACK: usize = if cfg!(debug_assertions) {
    512 << 20
} else {
    128 << 20
};
/// Larger files are not written by people.
const LARGEST: usize = 16 << 20;
/// How much of another file is looked at.
const BEGINNING: usize = 64 << 10;

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Where it is, absolute.
    pub path: PathBuf,
    /// How findings call it.
    pub shown: PathBuf,
}

/// The file system.
pub struct OnDisk;

impl Surroundings for OnDisk {
    fn beginning(&self, path: &Path) -> Option<Vec<u8>> {
        beginning(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }
}

/// Looks at all of `files`: the Nix files among them by their text, the others for private keys
/// and for plaintext beside its ciphertext. Findings are sorted by path and place. `looked_at` is
/// called once a file, by many threads.
///
/// # Errors
/// When no threads can be started.
pub fn run(files: &[File], looked_at: &(dyn Fn() + Sync)) -> Result<Report, Diagnostic> {
    on_big_stack(|| {
        let (nix, others): (Vec<&File>, Vec<&File>) =
            files.iter().partition(|file| is_nix(&file.path));
        let reports: Vec<Report> = nix
            .into_par_iter()
            .map(|file| {
                let report = lint_file(file);
                looked_at();
                report
            })
            .collect();
        let mut all = Report::default();
        for report in reports {
            all.findings.extend(report.findings);
            all.declarations.extend(report.declarations);
        }
        all.findings
            .par_extend(others.into_par_iter().filter_map(|file| {
                let found = beside::private_key(file);
                looked_at();
                found
            }));
        all.findings.extend(beside::plaintext(files));
        sort(&mut all.findings);
        all
    })
}

/// Sorts findings by path and place.
pub fn sort(findings: &mut [Finding]) {
    let place = |finding: &Finding| finding.place.as_ref().map(|place| place.start);
    findings.sort_by(|one, two| {
        one.path
            .cmp(&two.path)
            .then_with(|| place(one).cmp(&place(two)))
    });
}

/// Runs `work` on threads whose stacks are big enough for any tree.
///
/// # Errors
/// When they cannot be started.
pub fn on_big_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Diagnostic> {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build();
    match pool {
        Ok(pool) => Ok(pool.install(work)),
        Err(error) => Err(Diagnostic::error(format!("cannot start threads: {error}"))),
    }
}

/// Whether a file is Nix, by its name.
pub fn is_nix(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "nix")
}

fn lint_file(file: &File) -> Report {
    match fs::read_regular_text(&file.path, LARGEST) {
        Ok(text) => report(&text, Some(&file.path), &file.shown, &OnDisk),
        // Gone since it was listed.
        Err(error) if error.is_not_found() => Report::default(),
        Err(error) => {
            use std::io::ErrorKind::{FileTooLarge, InvalidData, InvalidInput};
            let rule = match error.cause.kind() {
                // No text, or no file: no Nix.
                FileTooLarge | InvalidData | InvalidInput => rule::NOT_PARSED,
                _ => rule::NOT_READ,
            };
            let finding = Finding {
                rule,
                path: file.shown.clone(),
                place: None,
                message: format!("this was not looked at: {}", error.cause),
                help: rule.instead.to_owned(),
            };
            Report {
                findings: vec![finding],
                ..Report::default()
            }
        }
    }
}

/// The first bytes of a plain file; pipes and devices are not waited for.
pub(crate) fn beginning(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read as _;
    let data = path.metadata().ok()?;
    if !data.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let file = fs::open(path).ok()?;
    file.take(BEGINNING as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether the file at `path` is encrypted.
pub(crate) fn is_encrypted(path: &Path) -> bool {
    beginning(path).is_some_and(|bytes| content(&bytes) == crate::files::Content::Encrypted)
}
