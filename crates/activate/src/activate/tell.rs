//! The lines of agenix and sops-nix, in their order.

use super::{Options, Stage};
use crate::content::{Content, Resolved};
use crate::keys::{has_layout, is_usable};
use crate::manifest::{Kind, Layout, Manifest};
use crate::plan::{Origin, Plan, Planned};

/// What is said before anything is written.
pub(super) fn before(
    plan: &Plan<'_>,
    options: &Options<'_>,
    stages: &[Stage],
    resolved: &[Resolved],
) {
    let manifest = plan.manifest;
    for (index, (tree, stage)) in manifest.trees.iter().zip(stages).enumerate() {
        match tree.layout {
            Layout::Agenix if stage.is_new || has_failed(plan, index, resolved) => {
                let events = options.events;
                if stage.is_new {
                    events.out(&format!(
                        "[agenix] creating new generation in {}/{}",
                        tree.mount_point.display(),
                        stage.number
                    ));
                }
                events.out("[agenix] decrypting secrets...");
                let readable = missing_identities(manifest, options);
                for (index, planned) in plan.of_tree(index) {
                    if let Some(resolved) = resolved.get(index) {
                        decrypting(planned, resolved, stage, readable, options);
                    }
                }
            }
            Layout::Agenix => {}
            Layout::SopsNix => changes(manifest, stage, options),
        }
    }
}

/// Whether something of a tree could not be opened: why may be in the lines.
fn has_failed(plan: &Plan<'_>, tree: usize, resolved: &[Resolved]) -> bool {
    let mut items = plan.of_tree(tree);
    items.any(|(index, _)| resolved.get(index).is_some_and(|one| one.fault().is_some()))
}

/// What sops-nix says about changes; nothing at boot, and nothing to users.
pub(super) fn changes(manifest: &Manifest, stage: &Stage, options: &Options<'_>) {
    let silent = manifest.is_exact() && manifest.user_mode;
    if manifest.logging.secret_changes && stage.was_live && !silent {
        stage.changes.tell(options.dry(), options.events);
    }
}

/// Warns of identities that are not there; whether any can be read.
fn missing_identities(manifest: &Manifest, options: &Options<'_>) -> bool {
    let identities = &manifest.identities;
    let files = identities.files.iter().map(|path| (path, true));
    // Where sops-nix has its say, it warns of these itself.
    let told = !has_layout(manifest, Layout::SopsNix);
    let ssh = identities.ssh_keys.iter().map(|key| (&key.path, told));
    let age = identities.age_key_files.iter().map(|path| (path, told));
    let mut readable = identities.gnupg_home.is_some();
    for (path, told) in files.chain(ssh).chain(age) {
        if told && !path.is_file() {
            options.events.out(&format!(
                "[agenix] WARNING: config.age.identityPaths entry {} not present!",
                path.display()
            ));
        }
        readable |= is_usable(path);
    }
    readable
}

fn decrypting(
    planned: &Planned<'_>,
    resolved: &Resolved,
    stage: &Stage,
    readable: bool,
    options: &Options<'_>,
) {
    let Origin::Secret(source) = &planned.origin else {
        return;
    };
    let is_written = planned.kind == Kind::Secret && !planned.template_only;
    if !is_written || matches!(resolved.content, Content::Same) {
        return;
    }
    let Some(site) = &stage.site else {
        return;
    };
    let target = match planned.is_in_generation() {
        true => site
            .mount_point
            .path_of(stage.number.to_string())
            .join(&planned.relative),
        false => planned.path.clone(),
    };
    let file = source.file();
    let (events, shown) = (options.events, file.display());
    events.out(&format!(
        "decrypting '{shown}' to '{}'...",
        target.display()
    ));
    if !readable {
        events.out("[agenix] WARNING: no readable identities found!");
    }
    if !file.is_file() {
        events.out(&format!(
            "[agenix] WARNING: encrypted file {shown} does not exist!"
        ));
    }
}
