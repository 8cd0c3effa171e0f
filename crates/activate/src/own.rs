//! The second run: when users exist, what is installed is given to its owners.

use nixseal_base::fs::{Folder, FsError, Kind, Ownership};

use crate::activate::{ActivateError, Options, group, open_sites, prepare};
use crate::changes::UnitLists;
use crate::generation::Folders;
use crate::manifest::{Layout, Manifest, Tree};
use crate::plan::{Owners, Plan, Planned};
use crate::report::Report;
use crate::tree::{Site, find};
use crate::units::Teller;

/// Sets owners and groups of what is installed, and nothing else.
///
/// # Errors
/// [`ActivateError`]; what failed for single secrets is among the report's problems.
pub fn own(manifest: &mut Manifest, options: &Options<'_>) -> Result<Report, ActivateError> {
    prepare(manifest, options)?;
    let manifest = &*manifest;
    let mut report = Report::default();
    if manifest.user_mode {
        return Ok(report);
    }
    let gid = group(manifest, options)?;
    let mut sites = open_sites(manifest, options)?;
    let owners = Owners {
        accounts: options.accounts,
        ignore_passwd: false,
        dry: false,
    };
    let plan = Plan::new(manifest, owners);
    let mut units = UnitLists::default();
    for (index, (tree, site)) in manifest.trees.iter().zip(&mut sites).enumerate() {
        if let Some(site) = site {
            if tree.layout == Layout::Agenix {
                options.events.out("[agenix] chowning...");
            }
            let owning = Owning { tree, gid };
            report.problems.extend(owning.folders(site).err());
            for (_, planned) in plan.of_tree(index) {
                if let Err(reason) = owning.item(planned, site, &mut units) {
                    report
                        .problems
                        .push(format!("{}: {reason}", planned.label()));
                }
            }
            report
                .problems
                .extend(owning.remember(&plan, index, site).err());
            units.extend(&site.state.untold);
        }
    }
    // A run that left units to this one has told the others by `systemctl`.
    let told_later = sites
        .iter()
        .flatten()
        .any(|site| !site.state.untold.is_empty());
    units.once();
    let teller = Teller {
        events: options.events,
        environment: options.environment,
        systemctl: options.uses_systemctl(manifest) || told_later,
        user: false,
        dry: false,
        lists_when_dry: false,
        exact: manifest.is_exact(),
    };
    report.problems.extend(teller.tell(&units));
    for site in sites.iter_mut().flatten() {
        if !site.state.untold.is_empty() {
            site.state.untold = UnitLists::default();
            report.problems.extend(write_state(site).err());
        }
    }
    Ok(report)
}

struct Owning<'a> {
    tree: &'a Tree,
    gid: u32,
}

impl Owning<'_> {
    /// The mount point, the live generation and the folders in it.
    fn folders(&self, site: &Site) -> Result<(), String> {
        let folders = Folders::new(self.tree.layout, false, self.gid);
        let Some(top) = folders.top else {
            return Ok(());
        };
        let give = || -> Result<(), FsError> {
            site.mount_point.set_owner(top)?;
            if site.mount_point.status(crate::report::RESULT)?.is_some() {
                site.mount_point.set_owner_of(crate::report::RESULT, top)?;
            }
            if let Some(live) = &site.previous.folder {
                live.set_owner(top)?;
                if self.tree.layout == Layout::SopsNix {
                    give_inner(live, top)?;
                }
            }
            Ok(())
        };
        give().map_err(|error| error.to_string())
    }

    fn item(
        &self,
        planned: &Planned<'_>,
        site: &Site,
        units: &mut UnitLists,
    ) -> Result<(), String> {
        if planned.template_only {
            return Ok(());
        }
        if let Some(fault) = &planned.fault {
            return Err(fault.clone());
        }
        let Some(owner) = planned.rights.owner else {
            return Ok(());
        };
        let text = |error: FsError| error.to_string();
        let found = match planned.is_in_generation() {
            true => {
                let live = site.previous.folder.as_ref();
                live.and_then(|live| find(live, &planned.relative))
            }
            false => Folder::of(&planned.path, None).ok(),
        };
        let Some((folder, name)) = found else {
            return Ok(());
        };
        let Some(status) = folder.status(&name).map_err(text)? else {
            return Ok(());
        };
        if status.owner != owner {
            folder.give(&name, owner, status.mode).map_err(text)?;
        }
        if planned.has_link() && self.tree.layout == Layout::SopsNix {
            self.link(planned, owner).map_err(text)?;
        }
        let known = site.state.item(planned.kind, &planned.item.name);
        let before = known.and_then(|known| known.owner);
        if before.is_some_and(|before| before != owner) {
            units.restart.extend_from_slice(&planned.item.restart_units);
            units.reload.extend_from_slice(&planned.item.reload_units);
        }
        Ok(())
    }

    fn link(&self, planned: &Planned<'_>, owner: Ownership) -> Result<(), FsError> {
        let (folder, name) = Folder::of(&planned.path, None)?;
        let ours = folder.link_target(&name)?.as_deref() == Some(planned.live.as_path());
        match folder.status(&name)? {
            Some(status) if ours && status.owner != owner => folder.set_owner_of(&name, owner),
            _ => Ok(()),
        }
    }

    /// Notes the owners, so that the next run can tell a change.
    fn remember(&self, plan: &Plan<'_>, tree: usize, site: &mut Site) -> Result<(), String> {
        if plan.manifest.is_exact() || site.state.items.is_empty() {
            return Ok(());
        }
        let mut changed = false;
        for (_, planned) in plan.of_tree(tree) {
            let key = (planned.kind, planned.item.name.clone());
            if let Some(known) = site.state.items.get_mut(&key)
                && planned.fault.is_none()
                && known.owner != planned.rights.owner
            {
                known.owner = planned.rights.owner;
                changed = true;
            }
        }
        match changed {
            true => write_state(site),
            false => Ok(()),
        }
    }
}

fn write_state(site: &Site) -> Result<(), String> {
    site.state
        .write(&site.private, site.previous.number)
        .map_err(|error| error.to_string())
}

fn give_inner(folder: &Folder, owner: Ownership) -> Result<(), FsError> {
    for name in folder.names()? {
        if folder
            .status(&name)?
            .is_some_and(|status| status.kind == Kind::Folder)
        {
            let inner = folder.child(&name)?;
            inner.set_owner(owner)?;
            give_inner(&inner, owner)?;
        }
    }
    Ok(())
}
