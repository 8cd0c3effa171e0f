//! Nix with a store of its own.

use std::env;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nixseal_testkit::Workdir;
use nixseal_testkit::peers;

/// A store for one test, so that no other store has to be there and nothing stays in one.
pub(crate) struct Nix {
    folder: Workdir,
}

impl Nix {
    pub(crate) fn new() -> Self {
        Self {
            folder: Workdir::new(),
        }
    }

    /// A command of Nix that works in this store and asks nobody on the network.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(peers::program(program));
        self.know(&mut command);
        command
            .env("HOME", self.folder.join("home"))
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env_remove("NIX_PATH")
            .env_remove("NIX_REMOTE")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Lets a program that runs Nix find this store.
    pub(crate) fn know(&self, command: &mut Command) {
        for (name, place) in [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "state"),
            ("NIX_LOG_DIR", "log"),
            ("NIX_CONF_DIR", "conf"),
        ] {
            command.env(name, self.folder.join(place));
        }
        command.env(
            "NIX_CONFIG",
            "build-users-group =\nsandbox = false\nsubstitute = false\nexperimental-features = nix-command flakes",
        );
    }

    /// What an expression is, as JSON. Paths in it may be copied to the store.
    #[track_caller]
    pub(crate) fn evaluate(&self, expression: &str) -> serde_json::Value {
        let output = self.try_evaluate(expression);
        assert!(
            output.status.success(),
            "nix-instantiate failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("JSON from nix-instantiate")
    }

    /// The same for an expression that may fail.
    pub(crate) fn try_evaluate(&self, expression: &str) -> Output {
        self.command("nix-instantiate")
            .args([
                "--eval",
                "--strict",
                "--json",
                "--read-write-mode",
                "--expr",
            ])
            .arg(expression)
            .output()
            .expect("run nix-instantiate")
    }

    /// Where it keeps what tests make.
    pub(crate) fn folder(&self) -> &Workdir {
        &self.folder
    }
}

/// A file or folder of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    peers::workspace_root().join(path)
}

/// Copies a folder with all that is in it.
#[track_caller]
pub(crate) fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .args([OsStr::new("-R"), from.as_os_str(), to.as_os_str()])
        .status()
        .expect("run cp");
    assert!(status.success(), "cp {} {}", from.display(), to.display());
}

/// Says once which `lib` the modules are evaluated with; past the test runner, which would keep it to itself.
pub(crate) fn say_which_lib() {
    let line = match env::var("NIXPKGS_LIB") {
        Ok(folder) if !folder.is_empty() => format!("modules: evaluated with nixpkgs' lib of {folder}\n"),
        _ => "modules: evaluated with the stand-in for nixpkgs' lib (nix/tests/lib); NIXPKGS_LIB takes the real one\n"
            .to_owned(),
    };
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("write to standard error");
}
