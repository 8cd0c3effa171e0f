//! A proof without keys and without root that a manifest can be installed on its host.
//!
//! Everything that is wrong is told at once. What only the host knows, such as whether a user
//! exists or a key really opens a file, is not asked.

mod files;
mod hosts;
mod names;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::activate::{Options, same_places};
use crate::content::placeholders;
use crate::manifest::{Item, Manifest, Principal};
use crate::plan::{Origin, Owners, Plan, Planned};
use crate::runtime_dir;
use crate::template::Part;

use self::files::Files;
use self::hosts::Hosts;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The option, secret or place at fault.
    pub subject: String,
    /// What is wrong.
    pub message: String,
}

/// What stands for `%r` where nobody is logged in.
const SOME_RUNTIME_DIR: &str = "/run/user/0";

/// Where nothing secret may be.
const STORE: &str = "/nix/store";

/// Everything that is wrong with a manifest and the files that it names.
pub fn check(manifest: &Manifest, options: &Options<'_>) -> Vec<Finding> {
    let mut manifest = manifest.clone();
    if manifest.user_mode {
        let directory = runtime_dir::find(options.environment);
        let directory = directory.unwrap_or_else(|_| SOME_RUNTIME_DIR.into());
        runtime_dir::insert(&mut manifest, &directory);
    }
    let owners = Owners {
        accounts: options.accounts,
        // Users of the host are not known here.
        ignore_passwd: true,
        dry: false,
    };
    let plan = Plan::new(&manifest, owners);
    let mut findings = Findings::default();
    findings.whole(&manifest);
    findings.repeated_names(&manifest);
    let mut files = Files::default();
    let hosts = Hosts::new(&manifest, &mut findings);
    let secrets = manifest.trees.iter().flat_map(|tree| &tree.secrets);
    let own_hosts: Vec<Option<Hosts>> = secrets
        .map(|secret| {
            if !secret.check_file {
                return None;
            }
            let keys = secret.host_public_keys.as_ref()?;
            let label = secret.item.label(crate::manifest::Kind::Secret);
            Some(hosts::Hosts::of(keys, &manifest, &label, &mut findings))
        })
        .collect();
    let secrets = manifest.trees.iter().flat_map(|tree| &tree.secrets);
    let check_file: Vec<bool> = secrets.map(|secret| secret.check_file).collect();
    let placeholders = placeholders(&plan);
    for (index, planned) in plan.items.iter().enumerate() {
        let label = planned.label();
        findings.item(planned, &label);
        match &planned.origin {
            Origin::Secret(source) => {
                if !check_file.get(index).copied().unwrap_or(true) {
                    continue;
                }
                let own = own_hosts.get(index).and_then(Option::as_ref);
                for message in files.check(source, own.unwrap_or(&hosts)) {
                    findings.add(&label, message);
                }
            }
            Origin::Template(Err(reason)) => findings.add(&label, reason),
            Origin::Template(Ok(text)) => {
                for part in placeholders.split(text) {
                    if let Part::Unknown(placeholder) = part {
                        findings.add(
                            &label,
                            format!("nothing stands for the placeholder '{placeholder}'"),
                        );
                    }
                }
            }
        }
    }
    findings.0
}

/// What was found.
#[derive(Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, subject: &str, message: impl Into<String>) {
        self.0.push(Finding {
            subject: subject.to_owned(),
            message: message.into(),
        });
    }

    /// What belongs to no secret.
    fn whole(&mut self, manifest: &Manifest) {
        if let Some(problem) = same_places(&manifest.trees) {
            self.add("trees", problem);
        }
        let directory = manifest.credentials_directory.as_ref();
        if let Some(directory) = directory {
            self.place("credentialsDirectory", directory);
        }
        for tree in &manifest.trees {
            let subject = format!("tree '{}'", tree.name);
            self.place(&subject, &tree.mount_point);
            self.place(&subject, &tree.link);
            if tree.link.starts_with(&tree.mount_point) || tree.mount_point.starts_with(&tree.link)
            {
                let (link, mount_point) = (tree.link.display(), tree.mount_point.display());
                self.add(
                    &subject,
                    format!("neither of link '{link}' and mountPoint '{mount_point}' may be in the other"),
                );
            }
        }
        let identities = &manifest.identities;
        let ssh = identities.ssh_keys.iter().map(|key| &key.path);
        let age = identities.files.iter().chain(&identities.age_key_files);
        for path in ssh.chain(age) {
            if path.starts_with(STORE) {
                let shown = path.display();
                self.add(
                    "identities",
                    format!(
                        "the private key '{shown}' is in the store, where everybody can read it"
                    ),
                );
            }
        }
    }

    /// A place that is written to.
    fn place(&mut self, subject: &str, path: &Path) {
        let shown = path.display();
        if !path.is_absolute() {
            self.add(subject, format!("the path '{shown}' is not absolute"));
        }
        if path.starts_with(STORE) {
            self.add(
                subject,
                format!("the path '{shown}' is in the store, which is read-only"),
            );
        }
        if path.components().any(|part| part.as_os_str() == "..") {
            self.add(subject, format!("the path '{shown}' has '..' in it"));
        }
    }

    fn item(&mut self, planned: &Planned<'_>, label: &str) {
        if planned.template_only {
            return;
        }
        if let Some(fault) = &planned.fault {
            self.add(label, fault);
        }
        self.place(label, &planned.path);
        let Item {
            owner,
            group,
            restart_units,
            reload_units,
            credentials,
            ..
        } = planned.item;
        for (word, principal) in [("owner", owner), ("group", group)] {
            match principal {
                Principal::Name(name) if !names::is_account(name) => {
                    self.add(
                        label,
                        format!("{word} '{name}' is no name of a user or group"),
                    );
                }
                _ => {}
            }
        }
        for unit in restart_units.iter().chain(reload_units) {
            self.unit(label, unit);
        }
        for credential in credentials {
            self.unit(label, &credential.unit);
            let name = &credential.name;
            if !crate::credentials::is_name(name) {
                self.add(label, format!("'{name}' is no name of a credential"));
            }
        }
    }

    fn unit(&mut self, label: &str, unit: &str) {
        if !crate::units::is_unit_name(unit) {
            self.add(
                label,
                format!("'{unit}' is no name of a unit: it needs an ending such as .service"),
            );
        }
    }

    /// Placeholders that stand for two secrets.
    fn repeated_names(&mut self, manifest: &Manifest) {
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        for secret in manifest.trees.iter().flat_map(|tree| &tree.secrets) {
            let label = secret.item.label(crate::manifest::Kind::Secret);
            let Some(placeholder) = secret.placeholder.as_deref() else {
                continue;
            };
            if placeholder.is_empty() {
                self.add(&label, "its placeholder is empty");
            } else if let Some(other) = known.get(placeholder) {
                self.add(&label, format!("its placeholder is also that of {other}"));
            }
            known.entry(placeholder).or_insert(label);
        }
    }
}

/// For files that several secrets name.
type FileKey = (PathBuf, crate::open::FileKind);
