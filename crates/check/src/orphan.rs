//! Encrypted files that no rule is for, and files that everybody can write.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use memchr::memmem;
use nixseal_base::fs;
use nixseal_lint::run::File;
use nixseal_repository::Repository;
use nixseal_repository::sops::discover::Content;
use nixseal_repository::sops::is_age_name;
use nixseal_repository::sops::plan::Plan;
use rayon::prelude::*;

use crate::finder::Finder;
use crate::rule;

/// Larger files are no files of SOPS that people keep in git.
const LARGEST: usize = 4 << 20;

/// Looks at all files that rules are not for.
pub(crate) fn look(
    finder: &mut Finder<'_>,
    repositories: &[Repository],
    plan: &Plan,
    files: &[File],
) {
    let secrets = repositories
        .iter()
        .flat_map(|one| &one.secrets)
        .map(|secret| secret.path.as_path());
    let mut ruled: BTreeSet<&Path> = secrets.collect();
    ruled.extend(plan.items.iter().map(|item| item.path.as_path()));
    ruled.extend(plan.bad.iter().map(|(path, _)| path.as_path()));
    ruled.extend(plan.clear.iter().map(std::path::PathBuf::as_path));
    for file in files {
        if (ruled.contains(file.path.as_path())
            || repositories.iter().any(|one| one.rules == file.path))
            && is_world_writable(&file.path)
        {
            finder.file(
                rule::WORLD_WRITABLE,
                &file.path,
                "everybody on this machine can write it",
            );
        }
    }
    let rest: Vec<&File> = files
        .iter()
        .filter(|file| !ruled.contains(file.path.as_path()))
        .collect();
    for file in rest.iter().filter(|file| is_age_name(&file.path)) {
        // Where no rules are, another tool may have its own.
        if !repositories.is_empty() && !is_template(&file.path) {
            finder.file(rule::ORPHAN, &file.path, "no rule in secrets.nix is for it");
        }
    }
    let orphans: Vec<&&File> = rest.par_iter().filter(|file| is_sops(&file.path)).collect();
    for file in orphans {
        finder.file(rule::ORPHAN, &file.path, "no creation rule is for it");
    }
}

/// Whether everybody may write a file.
pub(crate) fn is_world_writable(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o002 != 0)
}

/// Files of rekeying tools, named by a digest, have no rules of their own.
fn is_template(path: &Path) -> bool {
    path.ancestors()
        .skip(1)
        .any(|folder| folder.file_name().is_some_and(|name| name == "rekeyed"))
}

fn is_sops(path: &Path) -> bool {
    let harmless = path.extension().and_then(|extension| extension.to_str());
    if matches!(
        harmless,
        Some("nix" | "age" | "md" | "rs" | "go" | "py" | "sh" | "lock")
    ) {
        return false;
    }
    let Ok(bytes) = fs::read_regular(path, LARGEST) else {
        return false;
    };
    memmem::find(&bytes, b"ENC[AES256_GCM,").is_some()
        && matches!(Content::of(path, &bytes), Content::Encrypted(_))
}
