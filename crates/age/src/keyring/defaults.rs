//! Where the users of each tool keep their identities.

use std::path::PathBuf;

use nixseal_base::env::{
    Environment, NIXSEAL_IDENTITY, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, SOPS_AGE_KEY_FILE,
    SOPS_AGE_SSH_PRIVATE_KEY_CMD, SOPS_AGE_SSH_PRIVATE_KEY_FILE, Variable,
};
use nixseal_base::secret::SecretBytes;

use super::Source;
use crate::identity_file::Layout;

/// Whose habits decide about the default places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flavour {
    /// Everywhere that agenix, age and sops users keep keys, in this order:
    /// `NIXSEAL_IDENTITY` (paths separated by colons), `SOPS_AGE_KEY`,
    /// `SOPS_AGE_KEY_FILE`, `SOPS_AGE_KEY_CMD`, `SOPS_AGE_SSH_PRIVATE_KEY_FILE`,
    /// `SOPS_AGE_SSH_PRIVATE_KEY_CMD`, `age/keys.txt` and `sops/age/keys.txt` in
    /// the configuration folder, `~/.ssh/id_ed25519`, `~/.ssh/id_rsa`, and the
    /// host keys in `/etc/ssh` where they can be read.
    Native,
    /// As agenix: `~/.ssh/id_rsa`, `~/.ssh/id_ed25519`.
    Agenix,
    /// As sops 3.13: `SOPS_AGE_SSH_PRIVATE_KEY_FILE`, `SOPS_AGE_SSH_PRIVATE_KEY_CMD`,
    /// `~/.ssh/id_ed25519`, `~/.ssh/id_rsa`, `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`,
    /// `SOPS_AGE_KEY_CMD`, and `sops/age/keys.txt` in the configuration folder.
    Sops,
}

/// The places of a flavour, in order. Nothing is read yet.
pub fn default_sources(environment: &Environment, flavour: Flavour) -> Vec<Source> {
    match flavour {
        Flavour::Native => native(environment),
        Flavour::Agenix => ssh_keys(environment, ["id_rsa", "id_ed25519"]),
        Flavour::Sops => sops(environment),
    }
}

fn sops(environment: &Environment) -> Vec<Source> {
    let mut sources = sops_ssh_keys(environment);
    sources.extend(ssh_keys(environment, ["id_ed25519", "id_rsa"]));
    sources.extend(sops_keys(environment));
    let folders = config_folders(environment);
    sources.extend(
        folders
            .iter()
            .map(|folder| Source::file(folder.join("sops/age/keys.txt"))),
    );
    sources
}

fn native(environment: &Environment) -> Vec<Source> {
    let mut sources = Vec::new();
    if let Some(paths) = environment.value(&NIXSEAL_IDENTITY) {
        let paths = std::env::split_paths(paths).filter(|path| !path.as_os_str().is_empty());
        sources.extend(paths.map(Source::file));
    }
    sources.extend(sops_keys(environment));
    sources.extend(sops_ssh_keys(environment));
    let folders = config_folders(environment);
    for name in ["age/keys.txt", "sops/age/keys.txt"] {
        sources.extend(folders.iter().map(|folder| Source::file(folder.join(name))));
    }
    sources.extend(ssh_keys(environment, ["id_ed25519", "id_rsa"]));
    for name in ["ssh_host_ed25519_key", "ssh_host_rsa_key"] {
        sources.push(Source::file(format!("/etc/ssh/{name}")));
    }
    sources
}

/// The age identities that variables of SOPS name.
fn sops_keys(environment: &Environment) -> Vec<Source> {
    let mut sources = Vec::new();
    if let Some(text) = environment.text(&SOPS_AGE_KEY) {
        let contents = SecretBytes::copy_of(text.as_bytes());
        sources.push(Source::with_layout(
            SOPS_AGE_KEY.name,
            contents,
            Layout::Words,
        ));
    }
    sources.extend(environment.path(&SOPS_AGE_KEY_FILE).map(Source::file));
    sources.extend(command(environment, &SOPS_AGE_KEY_CMD));
    sources
}

/// The SSH keys that variables of SOPS name.
fn sops_ssh_keys(environment: &Environment) -> Vec<Source> {
    let file = environment.path(&SOPS_AGE_SSH_PRIVATE_KEY_FILE);
    let command = command(environment, &SOPS_AGE_SSH_PRIVATE_KEY_CMD);
    file.map(Source::file).into_iter().chain(command).collect()
}

fn command(environment: &Environment, variable: &Variable) -> Option<Source> {
    let command = environment.text(variable)?;
    Some(Source::command(variable.name, command))
}

fn ssh_keys(environment: &Environment, names: [&str; 2]) -> Vec<Source> {
    let Some(home) = environment.home() else {
        return Vec::new();
    };
    let folder = home.join(".ssh");
    names
        .into_iter()
        .map(|name| Source::file(folder.join(name)))
        .collect()
}

/// `~/.config`, and on macOS also where Go programs keep configuration.
fn config_folders(environment: &Environment) -> Vec<PathBuf> {
    let support = environment
        .home()
        .filter(|_| cfg!(target_os = "macos"))
        .map(|home| home.join("Library/Application Support"));
    environment
        .config_home()
        .into_iter()
        .chain(support)
        .collect()
}

#[cfg(test)]
mod tests {
    use nixseal_base::env::{HOME, XDG_CONFIG_HOME};

    use super::*;

    fn names(environment: &Environment, flavour: Flavour) -> Vec<String> {
        let sources = default_sources(environment, flavour);
        sources
            .iter()
            .map(|source| source.name().to_owned())
            .collect()
    }

    #[test]
    fn agenix_looks_at_two_keys_only() {
        let environment = Environment::default()
            .with(&HOME, "/home/u")
            .with(&SOPS_AGE_KEY, "AGE-SECRET-KEY-1");
        assert_eq!(
            names(&environment, Flavour::Agenix),
            ["/home/u/.ssh/id_rsa", "/home/u/.ssh/id_ed25519"]
        );
        assert!(names(&Environment::default(), Flavour::Agenix).is_empty());
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn native_order_is_as_documented() {
        let environment = Environment::default()
            .with(&HOME, "/home/u")
            .with(&XDG_CONFIG_HOME, "/cfg")
            .with(&NIXSEAL_IDENTITY, "/a::/b")
            .with(&SOPS_AGE_KEY, "AGE-SECRET-KEY-1")
            .with(&SOPS_AGE_KEY_FILE, "/c")
            .with(&SOPS_AGE_KEY_CMD, "print keys")
            .with(&SOPS_AGE_SSH_PRIVATE_KEY_FILE, "/d")
            .with(&SOPS_AGE_SSH_PRIVATE_KEY_CMD, "print key");
        assert_eq!(
            names(&environment, Flavour::Native),
            [
                "/a",
                "/b",
                "SOPS_AGE_KEY",
                "/c",
                "SOPS_AGE_KEY_CMD",
                "/d",
                "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
                "/cfg/age/keys.txt",
                "/cfg/sops/age/keys.txt",
                "/home/u/.ssh/id_ed25519",
                "/home/u/.ssh/id_rsa",
                "/etc/ssh/ssh_host_ed25519_key",
                "/etc/ssh/ssh_host_rsa_key",
            ]
        );
    }
}
