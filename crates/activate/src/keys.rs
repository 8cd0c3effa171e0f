//! Everything that opens secrets in one run: loaded once, unlocked once, never written anywhere.

mod go_error;
mod host;

use std::path::Path;
use std::sync::Arc;

use nixseal_age::keyring::{Flavour, Interaction, Keyring, Source};
use nixseal_base::env::{Environment, GNUPGHOME, SOPS_AGE_KEY_FILE, SOPS_DECRYPTION_ORDER};
use nixseal_base::fs;
use nixseal_base::prompt::Nobody;
use nixseal_base::secret::SecretBytes;
use nixseal_pgp::{Keys as PgpKeys, OpenPgp};
use nixseal_repository::sops::SopsKeys;
use nixseal_sops::key_groups::DecryptionOrder;

pub(crate) use self::go_error::cause as go_cause;
use self::host::HostKeys;
use crate::digest::Digest;
use crate::events::Events;
use crate::manifest::{Identities, Layout, Manifest, SshKey};

/// No file of keys is longer, in bytes.
const KEY_LIMIT: usize = 16 << 20;

/// All keys of a run.
pub(crate) struct Keychain {
    interaction: Arc<Interaction>,
    pub(crate) keyring: Keyring,
    openpgp: PgpKeys,
    order: DecryptionOrder,
}

/// Who says what while keys are loaded.
pub(crate) struct Speaker<'a> {
    pub(crate) events: &'a dyn Events,
    /// Name of the program in the lines of sops-nix.
    pub(crate) program: &'a str,
}

impl Keychain {
    /// Loads the keys that the manifest names; says about each what the tools say that the trees
    /// have their layouts from.
    pub(crate) fn load(
        manifest: &Manifest,
        environment: &Environment,
        speaker: &Speaker<'_>,
    ) -> Result<Self, String> {
        let identities = &manifest.identities;
        let exact = manifest.is_exact();
        let told = manifest.logging.key_import && has_layout(manifest, Layout::SopsNix);
        let warned = has_layout(manifest, Layout::SopsNix).then_some(speaker);
        let host = HostKeys::read(identities, speaker, warned.is_some(), told);
        let environment = match exact {
            true => sops_environment(identities, environment),
            false => environment.clone(),
        };
        let interaction = Interaction::silent(environment.clone());
        let mut builder = Keyring::builder(&interaction);
        // An RSA key is OpenPGP for sops-nix; what is encrypted to the key itself it opens too.
        for key in &identities.ssh_keys {
            builder = builder.source(Source::file(&key.path));
        }
        for path in identities.files.iter().filter(|path| is_usable(path)) {
            builder = builder.source(Source::file(path));
        }
        for path in &identities.age_key_files {
            let mut source = Source::file(path);
            if exact {
                let contents = fs::read_secret(path, KEY_LIMIT);
                let contents = contents.map_err(|error| unreadable(path, &error))?;
                source = Source::bytes(path.display().to_string(), contents);
            }
            builder = builder.source(source);
        }
        if exact {
            builder = builder.defaults(Flavour::Sops);
        }
        let keyring = builder.build().map_err(|error| error.to_string())?;
        let order = environment.text(&SOPS_DECRYPTION_ORDER).unwrap_or_default();
        Ok(Self {
            openpgp: openpgp(identities, host, &environment, exact),
            interaction,
            keyring,
            order: order.parse().unwrap_or_default(),
        })
    }

    /// For SOPS files.
    pub(crate) fn sops(&self) -> SopsKeys<'_> {
        SopsKeys::new(
            &self.keyring,
            &self.interaction,
            &self.openpgp,
            self.order.clone(),
        )
    }
}

/// Whether a tree has that layout.
pub(crate) fn has_layout(manifest: &Manifest, layout: Layout) -> bool {
    manifest.trees.iter().any(|tree| tree.layout == layout)
}

fn unreadable(path: &Path, error: &fs::FsError) -> String {
    format!(
        "cannot read keyfile '{}': {}",
        path.display(),
        go_cause("open", path, &error.cause)
    )
}

/// What sops sees of the environment once sops-nix has put in what the manifest names.
fn sops_environment(identities: &Identities, environment: &Environment) -> Environment {
    let environment = environment.clone();
    let named =
        !identities.age_key_files.is_empty() || identities.ssh_keys.iter().any(|key| key.age);
    match named {
        true => environment.without(&SOPS_AGE_KEY_FILE),
        false => environment,
    }
}

/// OpenPGP: host keys in this process, then the folder of GnuPG.
fn openpgp(
    identities: &Identities,
    host: HostKeys,
    environment: &Environment,
    exact: bool,
) -> PgpKeys {
    let rsa = !host.is_empty() || identities.ssh_keys.iter().any(|key| key.openpgp);
    let gnupg = |environment: &Environment| -> Box<dyn OpenPgp> {
        Box::new(PgpKeys::new(environment, Arc::new(Nobody)))
    };
    let mut ways: Vec<Box<dyn OpenPgp>> = Vec::new();
    if rsa {
        ways.push(Box::new(host));
    }
    match &identities.gnupg_home {
        Some(home) => ways.push(gnupg(&environment.clone().with(&GNUPGHOME, home))),
        // As with sops, the user's own keys, unless others were named.
        None if exact && !rsa => ways.push(gnupg(environment)),
        None => {}
    }
    PgpKeys::of(ways)
}

/// A digest of all keys, as far as they are files: when it changes, nothing is taken for granted.
pub(crate) fn digest(identities: &Identities) -> Digest {
    let ssh = identities.ssh_keys.iter().map(|SshKey { path, .. }| path);
    let age = identities.files.iter().chain(&identities.age_key_files);
    let paths: Vec<&std::path::PathBuf> = ssh.chain(age).collect();
    let contents: Vec<SecretBytes> = paths
        .iter()
        .map(|path| fs::read_secret(path, KEY_LIMIT).unwrap_or_default())
        .collect();
    let mut parts: Vec<&[u8]> = Vec::new();
    for (path, content) in paths.iter().zip(&contents) {
        parts.push(path.as_os_str().as_encoded_bytes());
        parts.push(content.expose());
    }
    if let Some(home) = &identities.gnupg_home {
        parts.push(home.as_os_str().as_encoded_bytes());
    }
    Digest::of_parts(parts)
}

/// Whether a file is there and says something, as agenix asks before it uses one.
pub(crate) fn is_usable(path: &Path) -> bool {
    fs::open(path).is_ok_and(|file| file.metadata().is_ok_and(|data| data.len() > 0))
}
