//! What Nix knows of its store: asked through its commands, as the layout of its database is no
//! contract, has a write-ahead log of its own, and differs between versions.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nixseal_base::process;
use serde_json::Value;

/// Where the store is unless told otherwise.
pub const STORE: &str = "/nix/store";

/// Why Nix gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be started.
    #[error("cannot run '{}': {cause}", program.display())]
    NotRun {
        /// The command.
        program: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It failed.
    #[error("'{}' failed: {message}", program.display())]
    Failed {
        /// The command.
        program: PathBuf,
        /// What it wrote.
        message: String,
    },
}

/// How a path came into the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The derivation that built it.
    pub deriver: Option<String>,
    /// Whether it is text that evaluation wrote: `builtins.toFile`, or a derivation.
    pub is_text: bool,
    /// Whether it was copied from outside.
    pub is_source: bool,
}

/// Paths of the store that `path` needs when it runs, itself included, by `nix-store -qR`.
///
/// # Errors
/// When Nix does not know the path, or cannot be asked.
pub fn closure(nix_store: &Path, path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let output = run(
        nix_store,
        process::command(nix_store)
            .args(["--query", "--requisites", "--"])
            .arg(path),
    )?;
    let lines = output.stdout.split(|byte| *byte == b'\n');
    Ok(lines
        .filter(|line| !line.is_empty())
        .map(|line| PathBuf::from(OsStr::from_bytes(line)))
        .collect())
}

/// How some paths of a store came there, by `nix path-info`; those that it does not know are left
/// out.
pub fn known(nix: &Path, paths: &[PathBuf]) -> BTreeMap<PathBuf, Known> {
    // Enough to explain, and few enough for one command line.
    const MOST: usize = 512;
    let paths = paths.get(..MOST).unwrap_or(paths);
    match ask(nix, paths) {
        Ok(known) => known,
        // One path that is not valid spoils the answer for all.
        Err(_) => paths
            .iter()
            .take(64)
            .filter_map(|path| ask(nix, std::slice::from_ref(path)).ok())
            .flatten()
            .collect(),
    }
}

fn ask(nix: &Path, paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Known>, StoreError> {
    if paths.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut command = process::command(nix);
    command
        .args([
            "--extra-experimental-features",
            "nix-command",
            "path-info",
            "--json",
            "--",
        ])
        .args(paths);
    let output = run(nix, &mut command)?;
    let parsed: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Ok(answers(&parsed))
}

/// Older versions give a list, newer ones an object by path.
fn answers(parsed: &Value) -> BTreeMap<PathBuf, Known> {
    let known = |path: &str, value: &Value| {
        let address = value["ca"].as_str().unwrap_or_default();
        let known = Known {
            deriver: value["deriver"].as_str().map(str::to_owned),
            is_text: address.starts_with("text:"),
            is_source: address.starts_with("fixed:"),
        };
        value.is_object().then(|| (PathBuf::from(path), known))
    };
    match parsed {
        Value::Array(list) => list
            .iter()
            .filter_map(|value| known(value["path"].as_str()?, value))
            .collect(),
        Value::Object(map) => map
            .iter()
            .filter_map(|(path, value)| known(path, value))
            .collect(),
        _ => BTreeMap::new(),
    }
}

fn run(program: &Path, command: &mut Command) -> Result<Output, StoreError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| StoreError::NotRun {
            program: program.to_owned(),
            cause,
        })?;
    match output.status.success() {
        true => Ok(output),
        false => Err(StoreError::Failed {
            program: program.to_owned(),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }),
    }
}

/// The object of a store that holds `path`: `/nix/store/HASH-NAME`, whatever the store is called.
pub fn object_of(path: &Path) -> Option<PathBuf> {
    let mut object = PathBuf::new();
    for part in path.components() {
        object.push(part);
        if let Component::Normal(name) = part
            && name_of(name).is_some()
        {
            return Some(object);
        }
    }
    None
}

/// The name after the hash of an object of a store.
pub fn name_of(object: &OsStr) -> Option<&OsStr> {
    const DIGITS: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";
    let (hash, name) = object.as_bytes().split_at_checked(32)?;
    let name = name.strip_prefix(b"-")?;
    let legal = hash.iter().all(|byte| DIGITS.contains(byte)) && !name.is_empty();
    legal.then_some(OsStr::from_bytes(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "/x/store/w6wzl4ipr95ky7fhdqxifdzqdw9ms1r8-unit.service";

    #[test]
    fn objects_are_found_in_any_store() {
        let object = |path: String| object_of(Path::new(&path));
        assert_eq!(object(format!("{OBJECT}/a/b")), Some(OBJECT.into()));
        assert_eq!(object(OBJECT.to_owned()), Some(OBJECT.into()));
        assert_eq!(object("/x/store/.links/abc".to_owned()), None);
        assert_eq!(
            object("/x/e6wzl4ipr95ky7fhdqxifdzqdw9ms1r8-a".to_owned()),
            None
        );
    }

    #[test]
    fn answers_of_old_and_new_versions_are_read() {
        let body = r#""ca":"text:sha256:1","deriver":"/d.drv""#;
        let known = Known {
            deriver: Some("/d.drv".to_owned()),
            is_text: true,
            is_source: false,
        };
        let old = format!(r#"[{{"path":"{OBJECT}",{body}}}]"#);
        let new = format!(r#"{{"{OBJECT}":{{{body}}},"/x":null}}"#);
        for text in [old, new] {
            let parsed = serde_json::from_str(&text).unwrap();
            assert_eq!(answers(&parsed), [(OBJECT.into(), known.clone())].into());
        }
    }
}
