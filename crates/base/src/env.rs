//! Every environment variable that nixseal reads, in one table, and a snapshot
//! of their values taken once at start.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A variable: its name, who reads it, and whether its value is a secret that
/// children must not inherit.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    /// Name in the environment.
    pub name: &'static str,
    /// What it does, one sentence for the reference.
    pub purpose: &'static str,
    /// Whether the value itself is secret.
    pub secret: bool,
}

macro_rules! variables {
    ($($(#[secret = $secret:literal])? $name:ident: $purpose:literal;)*) => {
        $(
            #[doc = $purpose]
            pub const $name: Variable = Variable {
                name: stringify!($name),
                purpose: $purpose,
                secret: false $(|| $secret)?,
            };
        )*
        /// The whole table, in alphabetical order.
        pub const ALL: &[&Variable] = &[$(&$name),*];
    };
}

variables! {
    AGEDEBUG: "Set to `plugin` to see what age plugins print on their error output.";
    DISPLAY: "Where SSH_ASKPASS can show a window.";
    EDITOR: "Editor command, split into words like a shell would.";
    GNUPGHOME: "Folder of GnuPG's keys (default: ~/.gnupg).";
    HOME: "Home directory, where keys of the user are looked for.";
    LANG: "Locale of messages; only passed on.";
    NIXOS_ACTION: "What the switch of NixOS is doing; `dry-activate` makes activation only tell what it would do.";
    NIXSEAL_ALLOW_DISK: "Set to 1 to let edits use a folder that is not in memory.";
    NIXSEAL_IDENTITY: "Identity files to use, separated by colons.";
    NIXSEAL_PGP_KEY_FILE: "Files of exported OpenPGP keys to use, separated by colons.";
    NIX_PATH: "Where paths such as `<nixpkgs>` in Nix files are looked up.";
    NO_COLOR: "Set to anything to switch colours off.";
    PATH: "Where programs are looked for.";
    PINENTRY_PROGRAM: "A pinentry that asks for passphrases instead of the terminal.";
    RULES: "Path of the rules file (default: secrets.nix, found upwards).";
    #[secret = true]
    SOPS_AGE_KEY: "age identities, one a line.";
    SOPS_AGE_KEY_CMD: "A command that prints age identities.";
    SOPS_AGE_KEY_FILE: "A file of age identities.";
    SOPS_AGE_RECIPIENTS: "age recipients of files that sops encrypts, separated by commas.";
    SOPS_AGE_SSH_PRIVATE_KEY_CMD: "A command that prints an SSH private key.";
    SOPS_AGE_SSH_PRIVATE_KEY_FILE: "An SSH private key to decrypt with.";
    SOPS_AZURE_KEYVAULT_URLS: "Azure Key Vault keys of files that sops encrypts, separated by commas.";
    SOPS_CONFIG: "The configuration file of sops (default: .sops.yaml, found upwards).";
    SOPS_DECRYPTION_ORDER: "Kinds of keys in the order in which to try them, separated by commas.";
    SOPS_DISABLE_VERSION_CHECK: "Known to sops; versions are never looked up in the network.";
    SOPS_EDITOR: "Editor of sops, before EDITOR; split into words like a shell would.";
    SOPS_ENABLE_LOCAL_KEYSERVICE: "Set to false to keep sops from using the keys of this machine.";
    SOPS_GCP_KMS_IDS: "GCP KMS keys of files that sops encrypts, separated by commas.";
    SOPS_GPG_EXEC: "The program to run for OpenPGP keys (default: gpg).";
    SOPS_HUAWEICLOUD_KMS_IDS: "HuaweiCloud KMS keys of files that sops encrypts, separated by commas.";
    SOPS_KEYSERVICE: "Other key services of sops; not supported yet.";
    SOPS_KMS_ARN: "AWS KMS keys of files that sops encrypts, separated by commas.";
    SOPS_PGP_FP: "PGP fingerprints of files that sops encrypts, separated by commas.";
    SOPS_RESTART_UNITS_VIA_SYSTEMCTL: "Set to 1 to let activation restart and reload units itself.";
    SOPS_VAULT_URIS: "HashiCorp Vault keys of files that sops encrypts, separated by commas.";
    SSH_ASKPASS: "A program that asks for passphrases where there is no terminal.";
    SSH_ASKPASS_REQUIRE: "`force` or `prefer` uses SSH_ASKPASS even on a terminal; `never` never.";
    #[secret = true]
    SSH_TO_AGE_PASSPHRASE: "Passphrase of the key given to ssh-to-age.";
    TERM: "Kind of terminal.";
    TMPDIR: "Folder for temporary files; used only if it is in memory.";
    VISUAL: "Editor command, used when EDITOR is not set.";
    WAYLAND_DISPLAY: "Where SSH_ASKPASS can show a window.";
    XDG_CONFIG_HOME: "Folder of configuration files (default: ~/.config).";
    XDG_RUNTIME_DIR: "The user's folder in memory.";
    XDG_STATE_HOME: "Folder of state files (default: ~/.local/state).";
}

/// The values of the variables of [`ALL`] at one moment.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<&'static str, OsString>);

impl Environment {
    /// A snapshot of this process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn of_process() -> Self {
        let value = |variable: &&Variable| Some((variable.name, std::env::var_os(variable.name)?));
        Self(ALL.iter().filter_map(value).collect())
    }

    /// The same environment with one value replaced.
    #[must_use]
    pub fn with(mut self, variable: &Variable, value: impl Into<OsString>) -> Self {
        self.0.insert(variable.name, value.into());
        self
    }

    /// The same environment without a variable.
    #[must_use]
    pub fn without(mut self, variable: &Variable) -> Self {
        self.0.remove(variable.name);
        self
    }

    /// The value as it is; also when it is empty.
    pub fn raw(&self, variable: &Variable) -> Option<&OsStr> {
        self.0.get(variable.name).map(OsString::as_os_str)
    }

    /// The value, where it is set and not empty.
    pub fn value(&self, variable: &Variable) -> Option<&OsStr> {
        self.raw(variable).filter(|value| !value.is_empty())
    }

    /// The value as text, where it is set, not empty and UTF-8.
    pub fn text(&self, variable: &Variable) -> Option<&str> {
        self.value(variable).and_then(OsStr::to_str)
    }

    /// The value as a path, where it is set and not empty.
    pub fn path(&self, variable: &Variable) -> Option<PathBuf> {
        self.value(variable).map(PathBuf::from)
    }

    /// The user's home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.path(&HOME)
    }

    /// `$XDG_CONFIG_HOME`, else `~/.config`.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.path(&XDG_CONFIG_HOME)
            .or_else(|| Some(self.home()?.join(".config")))
    }
}

/// Names only: values may be secret.
impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn debug_hides_values() {
        let environment = Environment::default().with(&SOPS_AGE_KEY, "AGE-SECRET-KEY-1");
        assert_eq!(format!("{environment:?}"), "{\"SOPS_AGE_KEY\"}");
    }

    #[test]
    fn empty_values_count_as_unset() {
        let environment = Environment::default().with(&EDITOR, "");
        assert_eq!(environment.value(&EDITOR), None);
        assert_eq!(environment.raw(&EDITOR), Some(OsStr::new("")));
    }
}
