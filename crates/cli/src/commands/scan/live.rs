//! Values that are installed on this host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nixseal_base::diag::Diagnostic;
use nixseal_base::fs;
use serde_json::Value;

use super::values::Values;
use crate::args::Scan;
use crate::failure::Failure;

/// Where the modules put the links to live generations.
const LINKS: [&str; 3] = ["/run/agenix", "/run/secrets", "/run/secrets-for-users"];
/// Templates of sops-nix: their text is in the store by design, and their secrets are elsewhere in
/// the tree.
const TEMPLATES: &str = "rendered";
/// Longest manifest, in bytes.
const LIMIT: usize = 64 * 1024 * 1024;

/// Files to read.
#[derive(Default)]
struct Live {
    files: BTreeSet<PathBuf>,
    /// Templates.
    left_out: BTreeSet<PathBuf>,
}

/// Reads all values that are live.
pub(super) fn read(arguments: &Scan, values: &mut Values) -> Result<(), Failure> {
    let mut live = Live::default();
    for path in &arguments.manifest {
        live.manifest(path, values)?;
    }
    if arguments.live {
        let there: Vec<_> = LINKS
            .map(Path::new)
            .into_iter()
            .filter(|link| link.exists())
            .collect();
        if there.is_empty() && arguments.manifest.is_empty() {
            return Err(Failure::new(format!(
                "no secrets are installed here: there is none of {}",
                LINKS.map(|link| format!("'{link}'")).join(", ")
            ))
            .hint("name a manifest with --manifest, or files with --from"));
        }
        for link in there {
            live.tree(link, link, values);
        }
    }
    for path in live.files.difference(&live.left_out) {
        values.plain(path, &path.display().to_string());
    }
    Ok(())
}

impl Live {
    /// All files below `folder` of the tree at `link`.
    fn tree(&mut self, link: &Path, folder: &Path, values: &mut Values) {
        let failed = |cause| {
            let message = format!("cannot list '{}': {cause}", folder.display());
            Diagnostic::error(message).hint("installed secrets are for root and their owners")
        };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(cause) => return values.failures.push(failed(cause)),
        };
        for entry in entries {
            match entry {
                Err(cause) => values.failures.push(failed(cause)),
                Ok(entry) => {
                    let path = entry.path();
                    let is_template = folder == link && entry.file_name() == TEMPLATES;
                    match entry.file_type() {
                        Ok(kind) if kind.is_dir() && !is_template => {
                            self.tree(link, &path, values);
                        }
                        Ok(kind) if kind.is_file() => {
                            self.files.insert(path);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// The trees of a manifest, of nixseal or of sops-nix.
    fn manifest(&mut self, path: &Path, values: &mut Values) -> Result<(), Failure> {
        let text = fs::read(path, LIMIT)?;
        let manifest: Value = serde_json::from_slice(&text).map_err(|error| {
            Failure::new(format!("'{}' is no manifest: {error}", path.display()))
        })?;
        let own = manifest["trees"].as_array();
        let trees: Vec<(&Value, &str)> = match own {
            Some(trees) => trees.iter().map(|tree| (tree, "link")).collect(),
            None => vec![(&manifest, "symlinkPath")],
        };
        for (tree, link) in trees {
            let Some(link) = tree[link].as_str().map(Path::new) else {
                let path = path.display();
                return Err(Failure::new(format!(
                    "'{path}' does not say where its link is"
                )));
            };
            for template in named(tree, "templates") {
                self.left_out.insert(link.join(template.0));
                self.left_out.extend(template.1);
            }
            for (_, path) in named(tree, "secrets") {
                // Those at other places are links into the tree, or files of their own.
                self.files
                    .extend(path.filter(|path| path.is_file() && !path.is_symlink()));
            }
            self.tree(link, link, values);
        }
        Ok(())
    }
}

/// Names and paths of a list in a tree.
fn named<'t>(
    tree: &'t Value,
    list: &str,
) -> impl Iterator<Item = (&'t str, Option<PathBuf>)> + use<'t> {
    let all = tree[list].as_array().into_iter().flatten();
    all.filter_map(|one| {
        Some((
            one["name"].as_str()?,
            one["path"].as_str().map(PathBuf::from),
        ))
    })
}
