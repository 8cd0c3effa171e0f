//! What a manifest means on this machine: which file, which path, which numbers.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use nixseal_base::fs::{self, Ownership};

use crate::accounts::Accounts;
use crate::manifest::{Item, ItemSource, Kind, Layout, Manifest, Principal, Template, Tree};
use crate::mode::{self, SymbolicMode};

/// Where rendered templates are in a tree of sops-nix.
const RENDERED: &str = "rendered";

/// No text with secrets in it is longer, in bytes.
const TEMPLATE_LIMIT: usize = 64 << 20;

/// Everything that is to be installed, in the order of the manifest: the secrets of all trees,
/// then the templates of all trees.
pub(crate) struct Plan<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) items: Vec<Planned<'a>>,
}

/// One secret or template.
pub(crate) struct Planned<'a> {
    /// Index of its tree.
    pub(crate) tree: usize,
    pub(crate) kind: Kind,
    pub(crate) item: &'a Item,
    pub(crate) origin: Origin<'a>,
    /// Its file in the generation.
    pub(crate) relative: PathBuf,
    /// Where that is reached through the link to the live generation.
    pub(crate) live: PathBuf,
    /// Where it appears.
    pub(crate) path: PathBuf,
    pub(crate) rights: Rights,
    /// Whether it is opened for templates only.
    pub(crate) template_only: bool,
    /// Why it cannot be installed, whatever it holds.
    pub(crate) fault: Option<String>,
}

/// Where the content comes from.
pub(crate) enum Origin<'a> {
    Secret(&'a ItemSource),
    /// The text, or why it cannot be read.
    Template(Result<String, String>),
}

/// What a file gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    pub(crate) mode: u32,
    /// Nobody in user mode: files are the user's.
    pub(crate) owner: Option<Ownership>,
    /// Whether a file that is there may only be this owner's; not before users exist.
    pub(crate) settled: bool,
    /// Whose it will be when users exist, as far as they do already.
    pub(crate) later: Option<Ownership>,
}

impl Rights {
    /// Who gets a file that takes the place of another. Before users are made it stays with
    /// whoever has it rightly: services go on reading theirs while a system is switched.
    pub(crate) fn owner_after(&self, before: Option<&fs::Status>) -> Option<Ownership> {
        match (self.later, before) {
            (Some(later), Some(before)) if !self.settled && before.owner == later => Some(later),
            _ => self.owner,
        }
    }

    /// Whether such a file still waits for its owner.
    pub(crate) fn is_waiting(&self, before: Option<&fs::Status>) -> bool {
        self.owner.is_some() && !self.settled && self.owner_after(before) != self.later
    }

    /// Whether an installed file has them.
    pub(crate) fn fit(&self, status: &fs::Status) -> bool {
        let owned = match self.owner {
            Some(owner) => !self.settled || status.owner == owner,
            None => true,
        };
        status.mode == self.mode && owned
    }
}

impl Planned<'_> {
    /// Whether it is a file in the generation; else one of its own at its path.
    pub(crate) fn is_in_generation(&self) -> bool {
        !self.template_only && (self.item.symlink || self.path == self.live)
    }

    /// Whether there is a link to it elsewhere.
    pub(crate) fn has_link(&self) -> bool {
        !self.template_only && self.item.symlink && self.path != self.live
    }

    /// What to call it in messages.
    pub(crate) fn label(&self) -> String {
        self.item.label(self.kind)
    }
}

/// How owners are found.
#[derive(Clone, Copy)]
pub(crate) struct Owners<'a> {
    pub(crate) accounts: &'a Accounts,
    /// Before users exist: everything is root's.
    pub(crate) ignore_passwd: bool,
    /// Nothing is given to anybody.
    pub(crate) dry: bool,
}

pub(crate) const ROOT: Ownership = Ownership { uid: 0, gid: 0 };

impl<'a> Plan<'a> {
    pub(crate) fn new(manifest: &'a Manifest, owners: Owners<'_>) -> Self {
        let mut items = Vec::new();
        let trees = || manifest.trees.iter().enumerate();
        for (index, tree) in trees() {
            for secret in &tree.secrets {
                let origin = Origin::Secret(&secret.source);
                let place = Place::new(tree, index, Kind::Secret, &secret.item);
                let mut planned = place.planned(manifest, owners, origin);
                planned.template_only = secret.template_only;
                items.push(planned);
            }
        }
        for (index, tree) in trees() {
            for template in &tree.templates {
                let origin = Origin::Template(text(template));
                let place = Place::new(tree, index, Kind::Template, &template.item);
                items.push(place.planned(manifest, owners, origin));
            }
        }
        if !manifest.is_exact() {
            mark_conflicts(&mut items);
        }
        Self { manifest, items }
    }

    /// The items of one tree, with their indices.
    pub(crate) fn of_tree(&self, tree: usize) -> impl Iterator<Item = (usize, &Planned<'a>)> {
        let items = self.items.iter().enumerate();
        items.filter(move |(_, planned)| planned.tree == tree)
    }
}

/// Of two items for one file, path or folder, the second cannot be installed.
fn mark_conflicts(items: &mut [Planned<'_>]) {
    let mut places: BTreeMap<PathBuf, String> = BTreeMap::new();
    for planned in items.iter_mut().filter(|planned| !planned.template_only) {
        let label = planned.label();
        let mut own = vec![planned.live.clone()];
        if planned.path != planned.live {
            own.push(planned.path.clone());
        }
        for place in &own {
            if let Some(reason) = conflict(&places, place) {
                planned.fault.get_or_insert(reason);
            }
        }
        places.extend(own.into_iter().map(|place| (place, label.clone())));
    }
}

/// Who has that place already, is in the way to it, or has something below it.
fn conflict(places: &BTreeMap<PathBuf, String>, place: &Path) -> Option<String> {
    let shown = place.display();
    if let Some(other) = places.get(place) {
        return Some(format!("'{shown}' is also the place of {other}"));
    }
    let above = place
        .ancestors()
        .skip(1)
        .find_map(|above| places.get(above));
    if let Some(other) = above {
        return Some(format!("'{shown}' is below the file of {other}"));
    }
    let below = places
        .range(place.to_owned()..)
        .find(|(other, _)| *other != place)
        .filter(|(other, _)| other.starts_with(place));
    below.map(|(_, other)| format!("'{shown}' is a folder on the way to {other}"))
}

struct Place<'a, 't> {
    tree: &'t Tree,
    index: usize,
    kind: Kind,
    item: &'a Item,
}

impl<'a, 't> Place<'a, 't> {
    fn new(tree: &'t Tree, index: usize, kind: Kind, item: &'a Item) -> Self {
        Self {
            tree,
            index,
            kind,
            item,
        }
    }

    fn planned(&self, manifest: &Manifest, owners: Owners<'_>, origin: Origin<'a>) -> Planned<'a> {
        let mut fault = None;
        let relative = relative(self.tree.layout, self.kind, &self.item.name);
        let relative = relative.unwrap_or_else(|reason| {
            fault = Some(reason);
            PathBuf::from("invalid")
        });
        let live = self.tree.link.join(&relative);
        let path = self.item.path.clone();
        let path = path.filter(|path| !path.as_os_str().is_empty());
        if let Some(path) = &path
            && !path.is_absolute()
        {
            fault.get_or_insert(format!("path '{}' is not absolute", path.display()));
        }
        let rights = rights(manifest, self.item, owners).unwrap_or_else(|reason| {
            fault.get_or_insert(reason);
            Rights {
                mode: 0,
                owner: None,
                settled: false,
                later: None,
            }
        });
        Planned {
            tree: self.index,
            kind: self.kind,
            item: self.item,
            origin,
            path: path.unwrap_or_else(|| live.clone()),
            relative,
            live,
            rights,
            template_only: false,
            fault,
        }
    }
}

/// The file in a generation.
pub(crate) fn relative(layout: Layout, kind: Kind, name: &str) -> Result<PathBuf, String> {
    let path = Path::new(name);
    // A slash in front means nothing in a name.
    let path = path.strip_prefix("/").unwrap_or(path);
    let plain = |component: Component<'_>| matches!(component, Component::Normal(_));
    if path.as_os_str().is_empty() || !path.components().all(plain) || name.ends_with('/') {
        return Err(format!(
            "the name '{name}' is no name of a file: it may have no empty part and no '..'"
        ));
    }
    if name.contains('\0') {
        return Err("the name has a zero byte".to_owned());
    }
    Ok(match (layout, kind) {
        (Layout::SopsNix, Kind::Template) => Path::new(RENDERED).join(path),
        _ => path.components().collect(),
    })
}

fn rights(manifest: &Manifest, item: &Item, owners: Owners<'_>) -> Result<Rights, String> {
    let exact = manifest.is_exact();
    let mode = match exact {
        true => mode::of_sops_nix(&item.mode)?,
        false => SymbolicMode::parse(&item.mode).map_err(|error| error.to_string())?,
    };
    if manifest.user_mode {
        return Ok(Rights {
            mode,
            owner: None,
            settled: false,
            later: None,
        });
    }
    if owners.ignore_passwd {
        return Ok(Rights {
            mode,
            owner: Some(ROOT),
            settled: exact && !owners.dry,
            later: ownership(item, owners.accounts).ok(),
        });
    }
    Ok(Rights {
        mode,
        owner: Some(ownership(item, owners.accounts)?),
        settled: true,
        later: None,
    })
}

/// The numbers of an item's owner and group.
pub(crate) fn ownership(item: &Item, accounts: &Accounts) -> Result<Ownership, String> {
    let uid = match &item.owner {
        Principal::Number(number) => *number,
        Principal::Name(name) => accounts
            .user(name)
            .ok_or_else(|| format!("failed to lookup user '{name}': user: unknown user {name}"))?,
    };
    let gid = match &item.group {
        Principal::Number(number) => *number,
        Principal::Name(name) => accounts.group(name).ok_or_else(|| {
            format!("failed to lookup group '{name}': group: unknown group {name}")
        })?,
    };
    Ok(Ownership { uid, gid })
}

/// The text of a template.
pub(crate) fn text(template: &Template) -> Result<String, String> {
    if !template.content.is_empty() {
        return Ok(template.content.clone());
    }
    match &template.file {
        Some(file) => {
            let bytes = fs::read_regular(file, TEMPLATE_LIMIT).map_err(|error| {
                let cause = crate::keys::go_cause("open", file, &error.cause);
                format!("cannot read {}: {cause}", file.display())
            })?;
            String::from_utf8(bytes)
                .map_err(|_| format!("cannot read {}: it is not UTF-8 text", file.display()))
        }
        None => Err(format!(
            "neither content nor file was specified for template {}",
            template.item.name
        )),
    }
}
