//! A run: everything is opened before anything is changed, then all trees are switched.

mod finish;
mod policy;
mod tell;

use std::path::PathBuf;
use std::time::SystemTime;

use nixseal_base::clock::rfc3339;
use nixseal_base::env::{Environment, SOPS_RESTART_UNITS_VIA_SYSTEMCTL};
use nixseal_base::fs::Ownership;

use crate::accounts::Accounts;
use crate::changes::Changes;
use crate::content::{Content, Resolved, resolve};
use crate::events::Events;
use crate::generation::{Folders, build};
use crate::keys::{self, Keychain, Speaker};
use crate::manifest::{Layout, Manifest, Tree, UnitsBy};
use crate::plan::{Owners, Plan};
use crate::report::{Report, TreeReport};
use crate::sops_nix::{self, CheckMode, Rim, is_dry};
use crate::tree::{Site, files};
use crate::{mount, runtime_dir};

/// What a run needs of the outside.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// Users and groups.
    pub accounts: &'a Accounts,
    /// Who hears the lines.
    pub events: &'a dyn Events,
    /// Name of the program in the lines of sops-nix.
    pub program: &'a str,
    /// Before users exist: everything is root's.
    pub ignore_passwd: bool,
    /// Change nothing, and say what would be.
    pub dry_run: bool,
    /// The time.
    pub now: SystemTime,
}

/// Why a run could not be made at all; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// A step failed.
    #[error("{0}")]
    Step(String),
}

impl From<String> for ActivateError {
    fn from(reason: String) -> Self {
        Self::Step(reason)
    }
}

/// A tree while it is worked on.
struct Stage {
    /// None in a dry run where nothing is installed.
    site: Option<Site>,
    changes: Changes,
    /// The number of the generation that is to be live.
    number: u64,
    /// Whether it is a new one.
    is_new: bool,
    /// Whether an older one was live.
    was_live: bool,
}

impl Options<'_> {
    fn dry(&self) -> bool {
        self.dry_run || is_dry(self.environment)
    }

    pub(crate) fn uses_systemctl(&self, manifest: &Manifest) -> bool {
        manifest.user_mode
            || manifest.units == UnitsBy::Systemctl
            || self.environment.text(&SOPS_RESTART_UNITS_VIA_SYSTEMCTL) == Some("1")
    }
}

/// Installs what a manifest lists.
///
/// # Errors
/// [`ActivateError`]: nothing has changed. What failed for single secrets is in the report.
pub fn activate(manifest: &mut Manifest, options: &Options<'_>) -> Result<Report, ActivateError> {
    use_small_pages();
    lock_memory();
    prepare(manifest, options)?;
    let manifest = &*manifest;
    let gid = group(manifest, options)?;
    let sites = open_sites(manifest, options)?;
    own_places(manifest, options, &sites, gid)?;
    let owners = Owners {
        accounts: options.accounts,
        ignore_passwd: options.ignore_passwd || (manifest.is_exact() && options.dry()),
        dry: options.dry(),
    };
    let plan = Plan::new(manifest, owners);
    let speaker = Speaker {
        events: options.events,
        program: options.program,
    };
    let keys_digest = keys::digest(&manifest.identities);
    let mut load = || Keychain::load(manifest, options.environment, &speaker);
    let resolved = resolve(&plan, &sites, &keys_digest, &mut load)?;
    if manifest.is_exact() {
        policy::first_failure(&plan, &resolved)?;
    }
    let stages = stages(&plan, sites, &resolved)?;
    if options.dry() {
        return Ok(finish::dry(&plan, options, &stages, &resolved));
    }
    if policy::aborts(&plan, &resolved) {
        return Ok(finish::aborted(&plan, options, &stages, &resolved, gid));
    }
    tell::before(&plan, options, &stages, &resolved);
    for (index, stage) in stages.iter().enumerate() {
        if let (true, Some(site), Some(tree)) =
            (stage.is_new, &stage.site, manifest.trees.get(index))
        {
            let folders = Folders::new(tree.layout, manifest.user_mode, gid);
            build(&plan, index, site, &resolved, folders, stage.number)?;
        }
    }
    finish::switch_all(&plan, options, &stages, &resolved, gid, &keys_digest).map_err(Into::into)
}

/// Hundreds of small files need a few hundred kilobytes, and every thread would take megabytes.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Secrets stay out of swap where that is permitted without a limit.
pub(crate) fn lock_memory() {
    #[cfg(target_os = "linux")]
    if rustix::process::geteuid().is_root() {
        use rustix::mm::{MlockAllFlags, mlockall};
        // Only what is used: the program and its stacks are mostly not.
        let _ = mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT);
    }
}

/// Checks what the manifest says as a whole.
pub(crate) fn prepare(manifest: &mut Manifest, options: &Options<'_>) -> Result<(), String> {
    if manifest.is_exact() {
        let rim = Rim {
            environment: options.environment,
            accounts: options.accounts,
            ignore_passwd: options.ignore_passwd,
        };
        return sops_nix::check(manifest, CheckMode::Off, rim);
    }
    if manifest.user_mode {
        let directory = runtime_dir::find(options.environment)
            .map_err(|reason| format!("cannot figure out runtime directory: {reason}"))?;
        runtime_dir::insert(manifest, &directory);
    }
    match same_places(&manifest.trees) {
        Some(problem) => Err(problem),
        None => Ok(()),
    }
}

/// Two trees in one place.
pub(crate) fn same_places(trees: &[Tree]) -> Option<String> {
    for (index, tree) in trees.iter().enumerate() {
        for other in trees.iter().take(index) {
            for (field, own, others) in [
                ("mountPoint", &tree.mount_point, &other.mount_point),
                ("link", &tree.link, &other.link),
            ] {
                if own == others {
                    let (left, right, shown) = (&other.name, &tree.name, own.display());
                    return Some(format!(
                        "the trees '{left}' and '{right}' have the same {field} '{shown}'"
                    ));
                }
            }
        }
    }
    None
}

/// The group that may list generations.
pub(crate) fn group(manifest: &Manifest, options: &Options<'_>) -> Result<u32, String> {
    if options.ignore_passwd || (manifest.user_mode && !manifest.is_exact()) {
        return Ok(0);
    }
    let all_agenix = manifest
        .trees
        .iter()
        .all(|tree| tree.layout == Layout::Agenix);
    let names: &[&str] = match cfg!(target_os = "macos") && all_agenix {
        true => &["admin"],
        false => &["keys", "nogroup"],
    };
    let found = names.iter().find_map(|name| options.accounts.group(name));
    match found {
        Some(gid) => Ok(gid),
        // Secrets are worth more than who may list their names.
        None if !manifest.is_exact() => Ok(0),
        None => Err(
            "can't find group 'keys' nor 'nogroup' (failed to lookup 'keys' group: group: unknown \
             group nogroup)"
                .to_owned(),
        ),
    }
}

/// Opens and locks the places of all trees, in an order that two runs share.
pub(crate) fn open_sites(
    manifest: &Manifest,
    options: &Options<'_>,
) -> Result<Vec<Option<Site>>, String> {
    let mut order: Vec<(usize, &Tree)> = manifest.trees.iter().enumerate().collect();
    order.sort_by_key(|(_, tree)| &tree.mount_point);
    let mut sites: Vec<Option<Site>> = manifest.trees.iter().map(|_| None).collect();
    let systems = mount::of_system();
    for (index, tree) in order {
        let site = match options.dry() {
            true => Site::look(manifest, tree)?,
            false => Some(Site::open(manifest, tree, &systems)?),
        };
        if let Some(place) = sites.get_mut(index) {
            *place = site;
        }
    }
    Ok(sites)
}

/// Gives the places to the group that may list them; not before groups exist.
fn own_places(
    manifest: &Manifest,
    options: &Options<'_>,
    sites: &[Option<Site>],
    gid: u32,
) -> Result<(), String> {
    let too_early = options.ignore_passwd && !manifest.is_exact();
    if manifest.user_mode || options.dry() || too_early {
        return Ok(());
    }
    let owner = Ownership { uid: 0, gid };
    for site in sites.iter().flatten() {
        site.mount_point
            .set_owner(owner)
            .map_err(|error| format!("failed to mount filesystem for secrets: {error}"))?;
    }
    Ok(())
}

fn stages(
    plan: &Plan<'_>,
    sites: Vec<Option<Site>>,
    resolved: &[Resolved],
) -> Result<Vec<Stage>, String> {
    let trees = plan.manifest.trees.iter().zip(sites).enumerate();
    trees
        .map(|(index, (tree, site))| stage(plan, index, tree, site, resolved))
        .collect()
}

fn stage(
    plan: &Plan<'_>,
    index: usize,
    tree: &Tree,
    site: Option<Site>,
    resolved: &[Resolved],
) -> Result<Stage, String> {
    let previous = site.as_ref().map(|site| &site.previous);
    let folder = previous.and_then(|previous| previous.folder.as_ref());
    let before: Vec<PathBuf> = match folder {
        Some(folder) => files(folder).map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    let changes = Changes::of(plan, index, resolved, &before, tree);
    let number = previous.map_or(0, |previous| previous.number);
    let was_live = previous.is_some_and(|previous| previous.is_live);
    let written = plan.of_tree(index).any(|(index, planned)| {
        let content = resolved.get(index).map(|resolved| &resolved.content);
        planned.is_in_generation() && matches!(content, Some(Content::New(_)))
    });
    let is_removed = changes.removes_any();
    let is_new = plan.manifest.is_exact() || !was_live || number == 0 || written || is_removed;
    Ok(Stage {
        site,
        changes,
        number: if is_new { number + 1 } else { number },
        is_new,
        was_live,
    })
}

/// A report about a tree without its outcome.
fn tree_report(tree: &Tree, options: &Options<'_>) -> TreeReport {
    TreeReport {
        name: tree.name.clone(),
        mount_point: tree.mount_point.clone(),
        link: tree.link.clone(),
        generation: None,
        outcome: crate::report::Outcome::Unchanged,
        time: rfc3339(options.now),
        entries: Vec::new(),
    }
}
