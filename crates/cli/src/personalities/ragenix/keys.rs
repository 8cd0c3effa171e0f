//! Which identities ragenix uses: those given, and after them always also
//! `~/.ssh/id_rsa` and `~/.ssh/id_ed25519`.

use std::path::{Path, PathBuf};

use nixseal_age::keyring::Keyring;
use nixseal_base::fs;

use crate::commands::Session;
use crate::failure::Failure;
use crate::personalities::agenix::keys::default_keys;

/// Largest identity file, in bytes.
const LIMIT: usize = 1024 * 1024;

/// The keyring of a run. A given file without any key is no error.
pub(super) fn keyring(session: &Session<'_>, given: &[PathBuf]) -> Result<Keyring, Failure> {
    let defaults = default_keys(session);
    if given.is_empty() && defaults.is_empty() {
        return Err(Failure::new("No usable identity or identities")
            .hint("name one with --identity, or put an SSH key at ~/.ssh/id_ed25519"));
    }
    let mut files = Vec::new();
    for path in given {
        if path == Path::new("-") {
            return Err(Failure::new(
                "Standard input can't be used for multiple purposes.",
            ));
        }
        if !path.exists() {
            return Err(Failure::new(format!(
                "Identity file not found: {}",
                path.display()
            )));
        }
        if !is_blank(path) {
            files.push(path.clone());
        }
    }
    Ok(Keyring::builder(&session.asks)
        .files(files)
        .files(defaults)
        .build()?)
}

/// Whether a file has nothing but comments in it.
fn is_blank(path: &Path) -> bool {
    let Ok(content) = fs::read_secret(path, LIMIT) else {
        return false;
    };
    let mut lines = content
        .expose()
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii);
    lines.all(|line| line.is_empty() || line.starts_with(b"#"))
}
