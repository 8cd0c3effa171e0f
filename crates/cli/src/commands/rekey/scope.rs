//! Which files a rekey is about: those of `secrets.nix`, those of `.sops.yaml`, or both.

use std::path::{Path, PathBuf};

use nixseal_base::env::{Environment, SOPS_CONFIG};
use nixseal_repository::Repository;
use nixseal_repository::locate::{LocateError, normalize, rules_file};
use nixseal_repository::sops::discover::{self, Tree};
use nixseal_repository::sops::{Found, is_age_name};

use crate::args::RulesArgs;
use crate::commands::Session;
use crate::failure::Failure;

/// What a run looks at.
pub(in crate::commands) struct Scope {
    /// The rules of `.age` files, where they take part.
    rules: Option<PathBuf>,
    /// The `.age` files that were named; all when none is.
    pub(super) age_files: Vec<PathBuf>,
    /// SOPS files, where they take part.
    pub(in crate::commands) tree: Option<Tree>,
}

impl Scope {
    /// What the command line means.
    pub(super) fn of(
        session: &Session<'_>,
        rules: &RulesArgs,
        files: &[PathBuf],
    ) -> Result<Self, Failure> {
        if files.is_empty() {
            Self::everything(session, rules)
        } else {
            Self::named(session, rules, files)
        }
    }

    /// All files around where the user stands.
    pub(in crate::commands) fn everything(
        session: &Session<'_>,
        arguments: &RulesArgs,
    ) -> Result<Self, Failure> {
        Self::around(session, arguments, true)
    }

    /// The same where there may be no rules at all.
    pub(in crate::commands) fn perhaps(
        session: &Session<'_>,
        arguments: &RulesArgs,
    ) -> Result<Self, Failure> {
        Self::around(session, arguments, false)
    }

    fn around(
        session: &Session<'_>,
        arguments: &RulesArgs,
        required: bool,
    ) -> Result<Self, Failure> {
        let environment = &session.context.environment;
        let explicit = Explicit::of(arguments.rules.as_deref(), environment, session)?;
        let tree = match &explicit {
            Explicit::Nix(_) => None,
            Explicit::Sops(path) => Some(discover::walk_with(path, &session.current)),
            Explicit::None => discover::root(&session.current)
                .map(|root| discover::walk(&root, &session.current))
                .filter(|tree| !tree.configs.is_empty() || !tree.broken.is_empty()),
        };
        let rules = match &explicit {
            // What SOPS_CONFIG says is no word about the others.
            Explicit::Sops(_) if arguments.rules.is_some() => None,
            explicit => match rules_file(explicit.nix(), environment, None, &session.current) {
                Ok(rules) => Some(rules),
                Err(LocateError::NotFound(_)) if tree.is_some() || !required => None,
                Err(error) => return Err(no_rules(error)),
            },
        };
        Ok(Self {
            rules,
            age_files: Vec::new(),
            tree,
        })
    }

    fn named(
        session: &Session<'_>,
        arguments: &RulesArgs,
        files: &[PathBuf],
    ) -> Result<Self, Failure> {
        let environment = &session.context.environment;
        let explicit = Explicit::of(arguments.rules.as_deref(), environment, session)?;
        let mut age_files = Vec::new();
        let mut sops_files = Vec::new();
        for file in files {
            let path = normalize(&session.current.join(file));
            if path.is_dir() {
                let before = age_files.len() + sops_files.len();
                sops_files.extend(sops_in(&path, &explicit, session));
                age_files.extend(age_in(&path, &explicit, session)?);
                if age_files.len() + sops_files.len() == before {
                    let shown = file.display();
                    return Err(Failure::new(format!("no rule is for a file in '{shown}'")));
                }
                continue;
            }
            match Found::at(&path, None)? {
                Found::Sops(_) => sops_files.push(path),
                Found::Age => age_files.push(file.clone()),
                Found::Missing if !is_age_name(&path) && explicit.is_sops(environment, &path) => {
                    return Err(Failure::new(format!("'{}' does not exist", file.display())));
                }
                Found::Other(error) if explicit.is_sops(environment, &path) => {
                    return Err(Failure::of(error.diagnostic()).hint("nothing was changed"));
                }
                Found::Missing | Found::Other(_) => age_files.push(file.clone()),
            }
        }
        let rules = match age_files.first() {
            None => None,
            Some(first) => {
                let named = explicit.nix();
                let found = rules_file(named, environment, Some(first), &session.current);
                Some(found.map_err(no_rules)?)
            }
        };
        let tree = match sops_files.is_empty() {
            true => None,
            false => Some(tree_of(session, &sops_files, explicit.sops())?),
        };
        Ok(Self {
            rules,
            age_files,
            tree,
        })
    }

    /// The rules file of `.age` files.
    pub(in crate::commands) fn rules(&self) -> Option<&Path> {
        self.rules.as_deref()
    }

    /// The rules and the lock of `.age` files.
    pub(in crate::commands) fn repository(
        &self,
        session: &Session<'_>,
    ) -> Result<Option<Repository>, Failure> {
        self.rules
            .as_deref()
            .map(|rules| session.repository_at(rules))
            .transpose()
    }
}

/// The SOPS files in a folder that rules are for.
fn sops_in(folder: &Path, explicit: &Explicit, session: &Session<'_>) -> Vec<PathBuf> {
    let tree = match explicit {
        Explicit::Nix(_) => return Vec::new(),
        Explicit::Sops(path) => discover::walk_with(path, &session.current),
        Explicit::None => discover::walk(folder, &session.current),
    };
    let paths = tree.files.into_iter().map(|file| file.path);
    paths.filter(|path| path.starts_with(folder)).collect()
}

/// The `.age` files of a folder that rules are for.
fn age_in(
    folder: &Path,
    explicit: &Explicit,
    session: &Session<'_>,
) -> Result<Vec<PathBuf>, Failure> {
    let environment = &session.context.environment;
    if matches!(explicit, Explicit::Sops(_)) {
        return Ok(Vec::new());
    }
    let inside = folder.join("any");
    let found = rules_file(explicit.nix(), environment, Some(&inside), &session.current);
    let Ok(rules) = found else {
        return Ok(Vec::new());
    };
    let repository = session.repository_at(&rules)?;
    let paths = repository.secrets.into_iter().map(|secret| secret.path);
    Ok(paths.filter(|path| path.starts_with(folder)).collect())
}

fn tree_of(
    session: &Session<'_>,
    files: &[PathBuf],
    config: Option<&Path>,
) -> Result<Tree, Failure> {
    let (tree, without) = discover::named(files, config, &session.current);
    // A rule that is broken may be the one for the file.
    match without.first().filter(|_| tree.broken.is_empty()) {
        None => Ok(tree),
        Some(file) => {
            let shown = file
                .strip_prefix(&session.current)
                .unwrap_or(file)
                .display();
            let failure = Failure::new(format!("no creation rule is for '{shown}'"));
            Err(match tree.configs.first() {
                Some(rules) => failure.hint(format!(
                    "add one to '{}'",
                    rules.config.source().path.display()
                )),
                None => failure.hint("there is no .sops.yaml in its folder or above"),
            })
        }
    }
}

fn no_rules(error: LocateError) -> Failure {
    let missing = matches!(error, LocateError::NotFound(_));
    let failure = Failure::from(error);
    let failure = match missing {
        true => failure.hint("for SOPS files, write the rules into .sops.yaml"),
        false => failure,
    };
    failure.hint("write one with `nixseal init`, or name it with --rules")
}

/// Rules that the user named.
enum Explicit {
    None,
    Nix(PathBuf),
    Sops(PathBuf),
}

impl Explicit {
    fn of(
        named: Option<&Path>,
        environment: &Environment,
        session: &Session<'_>,
    ) -> Result<Self, Failure> {
        let is_nix = |path: &Path| {
            path.is_dir() || path.extension().is_some_and(|extension| extension == "nix")
        };
        let path = match named {
            Some(path) if is_nix(path) => return Ok(Self::Nix(path.to_owned())),
            Some(path) => path.to_owned(),
            None => match environment.path(&SOPS_CONFIG) {
                None => return Ok(Self::None),
                Some(path) => path,
            },
        };
        let absolute = normalize(&session.current.join(&path));
        match absolute.is_file() {
            true => Ok(Self::Sops(absolute)),
            false => Err(Failure::new(format!(
                "the rules file '{}' does not exist",
                path.display()
            ))),
        }
    }

    fn nix(&self) -> Option<&Path> {
        match self {
            Self::Nix(path) => Some(path),
            _ => None,
        }
    }

    fn sops(&self) -> Option<&Path> {
        match self {
            Self::Sops(path) => Some(path),
            _ => None,
        }
    }

    /// Whether a file that is not encrypted would be one of SOPS.
    fn is_sops(&self, environment: &Environment, file: &Path) -> bool {
        let folder = file.parent().unwrap_or(file);
        match self {
            Self::Nix(_) => false,
            Self::Sops(_) => true,
            Self::None => {
                discover::config_above(folder).path.is_some()
                    || rules_file(None, environment, Some(file), folder).is_err()
            }
        }
    }
}
