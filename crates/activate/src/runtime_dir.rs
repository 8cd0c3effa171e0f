//! `%r` in paths of user mode: the user's folder in memory.

use std::path::{Path, PathBuf};

use nixseal_base::env::{Environment, XDG_RUNTIME_DIR};

use crate::manifest::{Item, Manifest};

/// The user's runtime directory.
///
/// # Errors
/// When the environment does not tell, in the words of sops-install-secrets.
#[cfg(not(target_os = "macos"))]
pub(crate) fn find(environment: &Environment) -> Result<PathBuf, String> {
    match environment.raw(&XDG_RUNTIME_DIR) {
        Some(folder) => Ok(folder.into()),
        None => Err("$XDG_RUNTIME_DIR is not set".to_owned()),
    }
}

/// The user's folder for temporary files, which is what macOS has instead.
///
/// # Errors
/// When `getconf` does not tell.
#[cfg(target_os = "macos")]
pub(crate) fn find(environment: &Environment) -> Result<PathBuf, String> {
    use nixseal_base::process;
    if let Some(folder) = environment.path(&XDG_RUNTIME_DIR) {
        return Ok(folder);
    }
    let output = process::command("getconf")
        .arg("DARWIN_USER_TEMP_DIR")
        .output()
        .map_err(|cause| format!("cannot get DARWIN_USER_TEMP_DIR: {cause}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let folder = text.trim_end().trim_end_matches('/');
    match output.status.success() && !folder.is_empty() {
        true => Ok(folder.into()),
        false => Err("cannot get DARWIN_USER_TEMP_DIR".to_owned()),
    }
}

/// Puts the directory into all paths that may name it.
pub(crate) fn insert(manifest: &mut Manifest, directory: &Path) {
    let directory = directory.to_string_lossy();
    let put = |path: &mut PathBuf| {
        if let Some(text) = path.to_str() {
            *path = replace(text, &directory).into();
        }
    };
    let put_item = |item: &mut Item| {
        if let Some(path) = &mut item.path {
            put(path);
        }
    };
    if let Some(path) = &mut manifest.credentials_directory {
        put(path);
    }
    for tree in &mut manifest.trees {
        put(&mut tree.mount_point);
        put(&mut tree.link);
        tree.secrets
            .iter_mut()
            .for_each(|one| put_item(&mut one.item));
        tree.templates
            .iter_mut()
            .for_each(|one| put_item(&mut one.item));
    }
}

fn replace(text: &str, directory: &str) -> String {
    let parts: Vec<String> = text
        .split("%%")
        .map(|part| part.replace("%r", directory))
        .collect();
    parts.join("%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs() {
        for (text, result) in [
            ("%r/secrets", "/run/user/1/secrets"),
            ("/a%%r/%r", "/a%r//run/user/1"),
            ("/a%b", "/a%b"),
            ("%%%%", "%%"),
        ] {
            assert_eq!(replace(text, "/run/user/1"), result, "{text}");
        }
    }
}
