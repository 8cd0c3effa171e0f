//! Where the real tools are that nixseal is compared with.
//!
//! They are looked for in `$NIXSEAL_PEERS`, then in `target/peers` of the
//! workspace, where `tests/peers` puts them, then on `PATH`. One that is
//! missing fails the test: a comparison that did not happen proves nothing.

use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The Go `age` command.
#[track_caller]
pub fn age() -> PathBuf {
    program("age")
}

/// The Go `age-keygen` command.
#[track_caller]
pub fn age_keygen() -> PathBuf {
    program("age-keygen")
}

/// The Go `age-inspect` command, which lists the stanzas of a file.
#[track_caller]
pub fn age_inspect() -> PathBuf {
    program("age-inspect")
}

/// The Go `sops` command.
#[track_caller]
pub fn sops() -> PathBuf {
    program("sops")
}

/// The program of `tests/oracle`: the packages of the real `sops`, for many files in one process.
#[track_caller]
pub fn sops_oracle() -> PathBuf {
    program("sops-oracle")
}

/// The C++ `nix-instantiate` command.
#[track_caller]
pub fn nix_instantiate() -> PathBuf {
    program("nix-instantiate")
}

/// OpenSSH's `ssh-keygen` command.
#[track_caller]
pub fn ssh_keygen() -> PathBuf {
    program("ssh-keygen")
}

/// The `gpg` command.
#[track_caller]
pub fn gpg() -> PathBuf {
    program("gpg")
}

/// A folder to put on `PATH` that has a real age plugin, `age-plugin-batchpass`.
#[track_caller]
pub fn plugin_dir() -> PathBuf {
    let plugin = program("age-plugin-batchpass");
    plugin
        .parent()
        .map(Path::to_owned)
        .expect("a program is in a folder")
}

/// The folder of the published age test vectors.
#[track_caller]
pub fn cctv_age() -> PathBuf {
    folder("cctv-age")
}

/// The folder of the published YAML test suite.
#[track_caller]
pub fn yaml_test_suite() -> PathBuf {
    folder("yaml-test-suite")
}

/// The root of the workspace, where `tests/` and `docs/` are.
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .map(Path::to_owned)
        .expect("the crate is in a workspace with a lock file")
}

/// Finds a real program by its name.
///
/// # Panics
/// When it is nowhere: the message tells how to install it.
#[track_caller]
pub fn program(name: &str) -> PathBuf {
    find_program(name).unwrap_or_else(|| {
        panic!("the real '{name}' is not here to compare with; run `tests/peers` to install it")
    })
}

/// Finds a real program by its name, if it is here.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let own = env::var_os("NIXSEAL_PEERS").map(PathBuf::from);
    own.into_iter()
        .chain([peers_folder().join("bin")])
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

/// A folder whose path `tests/peers` (or one of `tests/peers.d`) wrote into
/// the file `target/peers/NAME`, or which is itself at that place.
///
/// # Panics
/// When it is not there.
#[track_caller]
pub fn folder(name: &str) -> PathBuf {
    let note = peers_folder().join(name);
    let folder = match std::fs::read_to_string(&note) {
        Ok(text) => PathBuf::from(text.trim_end()),
        Err(_) => note,
    };
    assert!(
        folder.is_dir(),
        "the test vectors '{name}' are not here; run `tests/peers` to download them"
    );
    folder
}

fn peers_folder() -> PathBuf {
    workspace_root().join("target/peers")
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_programs_are_found() {
        assert!(program("sh").is_absolute());
        assert!(age().ends_with("age"));
        assert!(plugin_dir().join("age-plugin-batchpass").is_file());
    }

    #[test]
    #[should_panic(expected = "run `tests/peers`")]
    fn a_missing_program_fails_with_advice() {
        program("no-such-program-as-this");
    }

    #[test]
    #[should_panic(expected = "run `tests/peers`")]
    fn missing_vectors_fail_with_advice() {
        folder("no-such-vectors");
    }
}
