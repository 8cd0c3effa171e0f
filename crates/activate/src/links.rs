//! Links: the one to the live generation, those to single secrets, and those that are left over.

use std::path::Path;

use nixseal_base::fs::{Folder, FsError, Kind, Ownership};

use crate::content::{Content, Resolved};
use crate::manifest::{Layout, Manifest, Tree};
use crate::plan::{Plan, Planned, ROOT};
use crate::tree::Site;

/// The mode of folders that are made on the way.
const PARENTS: u32 = 0o755;

/// Makes a generation the live one.
pub(crate) fn switch(tree: &Tree, number: u64) -> Result<(), String> {
    let target = tree.mount_point.join(number.to_string());
    let switch = || -> Result<(), FsError> {
        let (folder, name) = Folder::of(&tree.link, Some(PARENTS))?;
        let status = folder.status(&name)?;
        // As sops-nix does it: whatever stands there and is no link gives way.
        if tree.layout == Layout::SopsNix
            && status.is_some_and(|status| status.kind == Kind::Folder)
        {
            folder.remove_all(&name)?;
        }
        folder.replace_link(&name, &target, None)
    };
    switch().map_err(|error| format!("cannot update secrets symlink: {error}"))
}

/// Puts a secret where it appears, if that is elsewhere than in the generation.
pub(crate) fn place(
    manifest: &Manifest,
    tree: &Tree,
    planned: &Planned<'_>,
    resolved: &Resolved,
) -> Result<(), String> {
    let is_written = !planned.template_only;
    if !is_written || (planned.is_in_generation() && !planned.has_link()) {
        return Ok(());
    }
    if planned.has_link() {
        // One that never was there gets no link that leads nowhere.
        if resolved.fault().is_some() && resolved.before.is_none() {
            return Ok(());
        }
        return link(manifest, tree, planned);
    }
    let Content::New(bytes) = &resolved.content else {
        return Ok(());
    };
    let rights = planned.rights;
    let owner = rights.owner_after(resolved.before.as_ref());
    let placed = Folder::of(&planned.path, Some(PARENTS))
        .and_then(|(folder, name)| folder.replace(name, bytes.expose(), rights.mode, owner));
    placed.map_err(|error| format!("cannot write '{}': {error}", planned.path.display()))
}

fn link(manifest: &Manifest, tree: &Tree, planned: &Planned<'_>) -> Result<(), String> {
    let word = planned.kind.word();
    let shown = planned.path.display();
    let failed = |error: FsError| {
        format!(
            "failed to prepare symlinks to secret store: failed to symlink {word} '{shown}': {error}"
        )
    };
    let (folder, name) = Folder::of(&planned.path, Some(PARENTS)).map_err(|error| {
        format!(
            "failed to prepare symlinks to secret store: cannot create parent directory of \
             '{shown}': {error}"
        )
    })?;
    let owner = link_owner(manifest, tree, planned);
    let status = folder.status(&name).map_err(failed)?;
    if let Some(status) = status {
        let target = folder.link_target(&name).map_err(failed)?;
        let same_owner = owner.is_none_or(|owner| owner == status.owner);
        if target.as_deref() == Some(planned.live.as_path()) && same_owner {
            return Ok(());
        }
        if status.kind == Kind::Folder && !folder.remove_empty(&name) {
            return Err(format!(
                "failed to prepare symlinks to secret store: failed to symlink {word} '{shown}': \
                 cannot override {shown}: remove {shown}: directory not empty"
            ));
        }
    }
    folder
        .replace_link(&name, &planned.live, owner)
        .map_err(failed)
}

/// agenix leaves links to root, sops-nix gives them to the owner of the secret.
fn link_owner(manifest: &Manifest, tree: &Tree, planned: &Planned<'_>) -> Option<Ownership> {
    match (manifest.user_mode, tree.layout) {
        (true, _) => None,
        (false, Layout::Agenix) => Some(ROOT),
        (false, Layout::SopsNix) if planned.rights.settled => planned.rights.owner,
        // Before users exist, whose it is now does not matter.
        (false, Layout::SopsNix) => None,
    }
}

/// Removes links of the last run that nobody wants any more, if they are still what it made.
pub(crate) fn remove_left(plan: &Plan<'_>, site: &Site) -> Vec<String> {
    let wanted = |path: &str| {
        let path = Path::new(path);
        plan.items.iter().any(|planned| planned.path == path)
    };
    let mut problems = Vec::new();
    for known in site.state.items.values() {
        let Some((path, target)) = &known.link else {
            continue;
        };
        if wanted(path) {
            continue;
        }
        let remove = || -> Result<(), FsError> {
            let (folder, name) = Folder::of(Path::new(path), None)?;
            if folder.link_target(&name)?.as_deref() == Some(Path::new(target)) {
                folder.remove(&name)?;
            }
            Ok(())
        };
        match remove() {
            Err(error) if !error.is_not_found() => problems.push(error.to_string()),
            _ => {}
        }
    }
    problems
}
