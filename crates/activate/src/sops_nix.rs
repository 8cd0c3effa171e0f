//! A manifest of sops-nix, checked as sops-install-secrets does it: in the same order, up to the
//! first fault, in the same words.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nixseal_base::env::{Environment, NIXOS_ACTION};
use nixseal_base::fs;
use nixseal_document::Format;
use nixseal_repository::FILE_LIMIT;
use nixseal_sops::{EncryptedFile, Error, stored_format};

use crate::accounts::Accounts;
use crate::keys::go_cause;
use crate::manifest::{Item, ItemSource, Manifest, Secret, Sops};
use crate::{mode, open, plan, runtime_dir};

/// How much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckMode {
    /// The manifest alone.
    Manifest,
    /// Also the files, without keys.
    SopsFile,
    /// As before an installation.
    Off,
}

/// What the check needs of the outside.
#[derive(Clone, Copy)]
pub struct Rim<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// Users and groups.
    pub accounts: &'a Accounts,
    /// Whether users are looked up.
    pub ignore_passwd: bool,
}

/// Checks a manifest and puts the runtime directory into its paths.
///
/// # Errors
/// The first fault, as the original tells it.
pub fn check(manifest: &mut Manifest, check_mode: CheckMode, rim: Rim<'_>) -> Result<(), String> {
    if manifest.user_mode {
        let directory = match (runtime_dir::find(rim.environment), check_mode) {
            (Ok(directory), _) => directory,
            (Err(reason), CheckMode::Off) => {
                return Err(format!("cannot figure out runtime directory: {reason}"));
            }
            (Err(_), _) => PathBuf::new(),
        };
        runtime_dir::insert(manifest, &directory);
    }
    validate(manifest, check_mode, rim).map_err(|reason| format!("manifest is not valid: {reason}"))
}

fn validate(manifest: &Manifest, check_mode: CheckMode, rim: Rim<'_>) -> Result<(), String> {
    let identities = &manifest.identities;
    if identities.gnupg_home.is_some() {
        let exclusive = |field: &str| {
            format!(
                "gnupgHome and {field} were specified in the manifest. Both options are mutually \
                 exclusive."
            )
        };
        if identities.ssh_keys.iter().any(|key| key.openpgp) {
            return Err(exclusive("sshKeyPaths"));
        }
        if !identities.age_key_files.is_empty() {
            return Err(exclusive("ageKeyFile"));
        }
    }
    let mut files = Files {
        check_mode,
        known: HashMap::new(),
    };
    for tree in &manifest.trees {
        for secret in &tree.secrets {
            validate_item(&secret.item, check_mode, rim)?;
            files.check(secret)?;
            if !tree.templates.is_empty() && secret.placeholder.is_none() {
                let name = &secret.item.name;
                return Err(format!("placeholder for {name} not found in manifest"));
            }
        }
        for template in &tree.templates {
            validate_item(&template.item, check_mode, rim)?;
            plan::text(template)?;
        }
    }
    Ok(())
}

fn validate_item(item: &Item, check_mode: CheckMode, rim: Rim<'_>) -> Result<(), String> {
    mode::of_sops_nix(&item.mode)?;
    let lookup = check_mode == CheckMode::Off && !rim.ignore_passwd && !is_dry(rim.environment);
    match lookup {
        true => plan::ownership(item, rim.accounts).map(drop),
        false => Ok(()),
    }
}

/// Whether the switch only wants to know what would happen.
pub(crate) fn is_dry(environment: &Environment) -> bool {
    environment.text(&NIXOS_ACTION) == Some("dry-activate")
}

/// The files that were read, and which secret named each first.
struct Files<'m> {
    check_mode: CheckMode,
    known: HashMap<&'m Path, Known<'m>>,
}

struct Known<'m> {
    format: Format,
    name: &'m str,
    /// None where only its being there was asked, or where it has no keys.
    encrypted: Option<EncryptedFile>,
}

impl<'m> Files<'m> {
    fn check(&mut self, secret: &'m Secret) -> Result<(), String> {
        let ItemSource::Sops(sops) = &secret.source else {
            return Ok(());
        };
        if !self.known.contains_key(sops.file.as_path()) {
            let known = Known {
                format: sops.format,
                name: &secret.item.name,
                encrypted: self.load(sops)?,
            };
            self.known.insert(&sops.file, known);
        }
        let Some(known) = self.known.get(sops.file.as_path()) else {
            return Ok(());
        };
        let (name, file) = (&secret.item.name, sops.file.display());
        if known.format != sops.format {
            return Err(format!(
                "secret {name} defined the format of {file} as {}, but it was specified as {} in \
                 {} before",
                sops.format, known.format, known.name
            ));
        }
        match &known.encrypted {
            Some(encrypted) if !sops.is_whole() => open::scalar(encrypted.documents(), &sops.key)
                .map(drop)
                .map_err(|reason| format!("secret {name} in {file} is not valid: {reason}")),
            _ => Ok(()),
        }
    }

    fn load(&self, sops: &Sops) -> Result<Option<EncryptedFile>, String> {
        if self.check_mode == CheckMode::Manifest {
            return Ok(None);
        }
        let path = &sops.file;
        let bytes = fs::read_regular(path, FILE_LIMIT).map_err(|error| {
            let cause = go_cause("open", path, &error.cause);
            format!("failed reading {}: {cause}", path.display())
        })?;
        match EncryptedFile::parse(sops.format, &bytes) {
            Ok(encrypted) => Ok(Some(encrypted)),
            Err(Error::EncryptedSyntax(error)) => Err(format!(
                "cannot parse {} of '{}': {error}",
                stored_format(sops.format),
                path.display()
            )),
            // What is no SOPS file fails when it is decrypted.
            Err(_) => Ok(None),
        }
    }
}

/// Why a file could not be decrypted, beginning as the original does.
pub(crate) fn decrypt_failure(path: &Path, error: &Error) -> String {
    let beginning = match error {
        Error::Recovery(_) => {
            "Error getting data key: 0 successful groups required, got 0\n".to_owned()
        }
        Error::MacMismatch { stored, computed } => {
            let stored = stored.as_deref().unwrap_or_default();
            format!(
                "Failed to verify data integrity. expected mac \"{stored}\", got \"{computed}\"\n"
            )
        }
        Error::Metadata(nixseal_sops::MetadataError::Missing) => {
            return format!(
                "failed to decrypt '{}': sops metadata not found",
                path.display()
            );
        }
        Error::Decrypt(_) => "Error walking tree: Could not decrypt value: ".to_owned(),
        _ => String::new(),
    };
    format!("failed to decrypt '{}': {beginning}{error}", path.display())
}
