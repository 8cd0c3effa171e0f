//! A new generation: built where only root looks, then put beside the others under its number.

use std::path::Path;

use nixseal_base::fs::{Folder, FsError, Ownership};

use crate::content::{Content, Resolved};
use crate::manifest::Layout;
use crate::plan::{Plan, Planned, ROOT};
use crate::tree::{GENERATION_MODE, Site, find};

/// Where it is built.
const BUILDING: &str = "new";

/// Who has the folders of a tree, and what others may do there.
#[derive(Clone, Copy)]
pub(crate) struct Folders {
    /// Of the generation; nobody in user mode.
    pub(crate) top: Option<Ownership>,
    /// Of folders in it.
    pub(crate) inner: Option<Ownership>,
    pub(crate) inner_mode: u32,
}

impl Folders {
    pub(crate) fn new(layout: Layout, user_mode: bool, gid: u32) -> Self {
        let top = (!user_mode).then_some(Ownership { uid: 0, gid });
        match layout {
            Layout::Agenix => Self {
                top,
                inner: (!user_mode).then_some(ROOT),
                inner_mode: 0o755,
            },
            Layout::SopsNix => Self {
                top,
                inner: top,
                inner_mode: GENERATION_MODE,
            },
        }
    }
}

/// Builds the generation of a tree and gives it its number.
pub(crate) fn build(
    plan: &Plan<'_>,
    tree: usize,
    site: &Site,
    resolved: &[Resolved],
    folders: Folders,
    number: u64,
) -> Result<(), String> {
    let built = build_private(plan, tree, site, resolved, folders);
    let placed = built.and_then(|()| {
        let name = number.to_string();
        site.mount_point
            .remove_all(&name)
            .and_then(|_| site.private.rename(BUILDING, &site.mount_point, &name))
            .map_err(|error| error.to_string())
    });
    if placed.is_err() {
        // What cannot be removed now is removed by the next run.
        let _ = site.private.remove_all(BUILDING);
    }
    placed
}

fn build_private(
    plan: &Plan<'_>,
    tree: usize,
    site: &Site,
    resolved: &[Resolved],
    folders: Folders,
) -> Result<(), String> {
    let text = |error: FsError| error.to_string();
    site.private.remove_all(BUILDING).map_err(text)?;
    let root = site.private.make(BUILDING, GENERATION_MODE).map_err(text)?;
    if let Some(owner) = folders.top {
        root.set_owner(owner).map_err(text)?;
    }
    for (index, planned) in plan.of_tree(tree) {
        if !planned.is_in_generation() {
            continue;
        }
        let Some(resolved) = resolved.get(index) else {
            continue;
        };
        let carried = match &resolved.content {
            Content::New(bytes) => {
                let folder = parents(&root, &planned.relative, folders).map_err(text)?;
                let name = planned.relative.file_name().unwrap_or_default();
                let rights = planned.rights;
                if plan.manifest.is_exact() {
                    // Of two with one name the last counts.
                    folder.remove(name).map_err(text)?;
                }
                folder
                    .write(
                        name,
                        bytes.expose(),
                        rights.mode,
                        rights.owner_after(resolved.before.as_ref()),
                    )
                    .map_err(|error| format!("cannot write secrets: {error}"))?;
                continue;
            }
            Content::Same | Content::Failed(_) => carry(&root, site, planned, folders),
            Content::Elsewhere => Ok(()),
        };
        carried.map_err(|error| format!("cannot write secrets: {error}"))?;
    }
    Ok(())
}

/// Gives the file of the previous generation a second name; nothing where there was none.
fn carry(
    root: &Folder,
    site: &Site,
    planned: &Planned<'_>,
    folders: Folders,
) -> Result<(), FsError> {
    let previous = site.previous.folder.as_ref();
    let Some((from, name)) = previous.and_then(|folder| find(folder, &planned.relative)) else {
        return Ok(());
    };
    if from.status(&name)?.is_none() {
        return Ok(());
    }
    let folder = parents(root, &planned.relative, folders)?;
    match folder.hard_link(&name, &from, &name) {
        Ok(()) => Ok(()),
        // On another file system: a copy.
        Err(_) => {
            let (bytes, status) = from.read(&name, usize::MAX)?;
            folder.write(
                &name,
                bytes.expose(),
                status.mode,
                folders.top.map(|_| status.owner),
            )
        }
    }
}

/// The folder of a file, with those on the way to it.
fn parents(root: &Folder, relative: &Path, folders: Folders) -> Result<Folder, FsError> {
    let mut folder = root.child(".")?;
    for part in relative.parent().unwrap_or(Path::new("")).components() {
        folder = folder.make(part.as_os_str(), folders.inner_mode)?;
        if let Some(owner) = folders.inner {
            folder.set_owner(owner)?;
        }
    }
    Ok(folder)
}
