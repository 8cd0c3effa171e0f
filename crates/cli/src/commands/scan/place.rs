//! Where to search.

use std::path::{Path, PathBuf};

use nixseal_base::process::find_program;
use nixseal_scan::store::{STORE, closure};

use crate::args::Scan;
use crate::commands::Session;
use crate::failure::Failure;

/// Where Nix is on systems whose services have a short `PATH`.
const NIX_FOLDERS: [&str; 2] = [
    "/run/current-system/sw/bin",
    "/nix/var/nix/profiles/default/bin",
];

/// All paths to search.
pub(super) fn roots(session: &Session<'_>, arguments: &Scan) -> Result<Vec<PathBuf>, Failure> {
    let mut roots = Vec::new();
    for path in &arguments.paths {
        let path = session.current.join(path);
        if path.symlink_metadata().is_err() {
            let shown = path.display();
            return Err(Failure::new(format!("'{shown}' does not exist")));
        }
        roots.push(path);
    }
    for path in &arguments.closure {
        roots.extend(of_closure(session, path)?);
    }
    if !roots.is_empty() {
        return Ok(roots);
    }
    match Path::new(STORE).is_dir() {
        true => Ok(vec![STORE.into()]),
        false => Err(Failure::usage(format!("there is no '{STORE}' to search"))
            .hint("say what to search: nixseal scan FOLDER")),
    }
}

fn of_closure(session: &Session<'_>, path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let nix_store = program(session, "nix-store").ok_or_else(|| {
        Failure::new(format!(
            "cannot tell what '{}' needs: there is no nix-store on PATH",
            path.display()
        ))
        .hint("without --closure, the whole store is searched")
    })?;
    Ok(closure(&nix_store, &session.current.join(path))?)
}

/// One of Nix's programs.
pub(super) fn program(session: &Session<'_>, name: &str) -> Option<PathBuf> {
    let elsewhere = || {
        let paths = NIX_FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join(name));
        paths.into_iter().find(|path| path.is_file())
    };
    find_program(&session.context.environment, name).or_else(elsewhere)
}
