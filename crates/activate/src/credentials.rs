//! Credentials of systemd: links that `LoadCredential=` reads, in a folder that only its owner
//! enters.

use std::collections::BTreeMap;
use std::path::Path;

use nixseal_base::fs::{Folder, FsError};

use crate::content::Resolved;
use crate::manifest::Manifest;
use crate::plan::Plan;

/// Names that can be a folder or a link.
pub(crate) fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0']) && name.len() <= 255
}

/// Makes the links that are wanted and removes those of ours that are not.
/// Gives what went wrong.
pub(crate) fn place(plan: &Plan<'_>, resolved: &[Resolved]) -> Vec<String> {
    let Some(directory) = &plan.manifest.credentials_directory else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let mut wanted: BTreeMap<&str, BTreeMap<&str, &Path>> = BTreeMap::new();
    for (planned, resolved) in plan.items.iter().zip(resolved) {
        if resolved.fault().is_some() && resolved.before.is_none() {
            continue;
        }
        let target = match planned.is_in_generation() {
            true => &planned.live,
            false => &planned.path,
        };
        for credential in &planned.item.credentials {
            let mut names = [&credential.unit, &credential.name].into_iter();
            if let Some(wrong) = names.find(|name| !is_name(name)) {
                let label = planned.label();
                problems.push(format!(
                    "{label}: '{wrong}' is no name of a credential or unit"
                ));
                continue;
            }
            let unit = wanted.entry(&credential.unit).or_default();
            unit.insert(&credential.name, target);
        }
    }
    let placed = match wanted.is_empty() {
        true => Folder::open(directory)
            .map(Some)
            .or_else(|error| match error.is_not_found() {
                true => Ok(None),
                false => Err(error),
            }),
        false => Folder::create(directory, 0o700).map(Some),
    };
    let work = placed.and_then(|folder| match folder {
        Some(folder) => update(plan.manifest, &folder, &wanted),
        None => Ok(()),
    });
    problems.extend(
        work.err()
            .map(|error| format!("cannot link credentials: {error}")),
    );
    problems
}

fn update(
    manifest: &Manifest,
    root: &Folder,
    wanted: &BTreeMap<&str, BTreeMap<&str, &Path>>,
) -> Result<(), FsError> {
    if !wanted.is_empty() {
        root.set_mode(0o700)?;
    }
    for (unit, links) in wanted {
        let folder = root.make(unit, 0o700)?;
        for (name, target) in links {
            if folder.link_target(name)?.as_deref() != Some(target) {
                folder.replace_link(name, target, None)?;
            }
        }
    }
    for unit in root.names()? {
        let Ok(folder) = root.child(&unit) else {
            continue;
        };
        let links = unit.to_str().and_then(|unit| wanted.get(unit));
        for name in folder.names()? {
            let is_wanted = links
                .zip(name.to_str())
                .is_some_and(|(links, name)| links.contains_key(name));
            let target = folder.link_target(&name)?;
            if !is_wanted && target.is_some_and(|target| is_ours(manifest, &target)) {
                folder.remove(&name)?;
            }
        }
        root.remove_empty(&unit);
    }
    Ok(())
}

/// Whether a link leads into one of our trees; other manifests may use the same folder.
fn is_ours(manifest: &Manifest, target: &Path) -> bool {
    let mut trees = manifest.trees.iter();
    trees.any(|tree| target.starts_with(&tree.link))
}
