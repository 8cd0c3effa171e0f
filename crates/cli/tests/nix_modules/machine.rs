//! A configuration that is built with the real Nix and run on a machine of its own.

use std::path::PathBuf;
use std::process::Output;

use nixseal_testkit::Host;
use nixseal_testkit::host::Ended;
use nixseal_testkit::keys::{self, AgeKey, SshKey, SshKind};
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};

use crate::nix::{Nix, project};

/// The program under test.
pub(crate) const NIXSEAL: &str = env!("CARGO_BIN_EXE_nixseal");
const NAMES: [&str; 3] = ["nixseal", "sops-install-secrets", "age-keygen"];

/// What the tests of sops-nix have in their file.
pub(crate) const SECRETS: &str =
    "test_key: test_value\nanother_key: second\nnested:\n    test:\n        file: another value\n";

/// A machine, and the folder where its configuration and encrypted files are.
pub(crate) struct Machine {
    pub(crate) host: Host,
    pub(crate) inputs: Workdir,
    nix: Nix,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let nix = Nix::new();
        for name in NAMES {
            nix.folder().mkdir("nixseal/bin");
            nix.folder().symlink(NIXSEAL, format!("nixseal/bin/{name}"));
        }
        // Users of the machine run what is in the store.
        nix.folder().set_mode(".", 0o755);
        Self {
            host: Host::new(),
            inputs: Workdir::new(),
            nix,
        }
    }

    /// An age key at `/run/age-keys.txt` of the machine, and `secrets.yaml` for it.
    pub(crate) fn with_age_key() -> (Self, AgeKey) {
        let machine = Self::new();
        let key = keys::age(&machine.inputs, "keys.txt");
        machine
            .host
            .put("/run/age-keys.txt", machine.inputs.read("keys.txt"), 0o600);
        machine.sops(&["--age", &key.recipient], "secrets.yaml", SECRETS);
        (machine, key)
    }

    /// An SSH host key in its usual place.
    pub(crate) fn host_key(&self, kind: SshKind, name: &str) -> SshKey {
        let key = keys::ssh(&self.inputs, name, kind, None);
        self.host
            .put(&format!("/etc/ssh/{name}"), self.inputs.read(name), 0o600);
        key
    }

    /// Encrypts a file beside the configuration with the real `age`.
    pub(crate) fn age(&self, recipient: &str, name: &str, plaintext: &str) {
        keys::age_encrypt(
            &self.inputs,
            &[recipient],
            false,
            plaintext.as_bytes(),
            name,
        );
    }

    /// Encrypts a file beside the configuration with the real `sops`.
    pub(crate) fn sops(&self, flags: &[&str], name: &str, plaintext: &str) {
        self.inputs.write(name, plaintext);
        let mut command = self.inputs.command(peers::sops());
        command.arg("encrypt").args(flags).arg(name);
        let sealed = succeed(&mut command).stdout;
        self.inputs.write(name, sealed);
    }

    fn try_build_for(&self, platform: &str, configuration: &str) -> Output {
        let file = self.inputs.write("configuration.nix", configuration);
        self.nix
            .command("nix-build")
            .args(["--no-out-link", "--expr"])
            .arg(format!(
                "import {} {{ configuration = {}; nixseal = \"{}\"; platform = \"{platform}\"; }}",
                project("nix/tests/machine.nix").display(),
                file.display(),
                self.nix.folder().join("nixseal").display(),
            ))
            .output()
            .expect("run nix-build")
    }

    /// Builds a configuration that must build.
    #[track_caller]
    pub(crate) fn build(&self, configuration: &str) -> Built<'_> {
        self.build_for("nixos", configuration)
    }

    #[track_caller]
    pub(crate) fn build_for(&self, platform: &str, configuration: &str) -> Built<'_> {
        let output = self.try_build_for(platform, configuration);
        assert!(
            output.status.success(),
            "it does not build:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let path = String::from_utf8(output.stdout).expect("a path");
        Built {
            machine: self,
            path: PathBuf::from(path.trim_end()),
        }
    }

    /// What is said of a configuration that must not build.
    #[track_caller]
    pub(crate) fn refused(&self, configuration: &str) -> String {
        let output = self.try_build_for("nixos", configuration);
        assert!(!output.status.success(), "it builds");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// The content of a file of the machine.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        self.host.text(path)
    }
}

/// A configuration that was built.
pub(crate) struct Built<'a> {
    machine: &'a Machine,
    path: PathBuf,
}

impl Built<'_> {
    fn run(&self, program: &str, variables: &[(&str, &str)]) -> Ended {
        let mut command = self.machine.host.command(self.path.join(program));
        command.envs(variables.iter().copied());
        self.machine.nix.know(&mut command);
        Ended::from(command.output().expect("run in the machine"))
    }

    /// Activates it.
    #[track_caller]
    pub(crate) fn activate(&self) -> Ended {
        self.run("activate", &[])
    }

    /// Only tries to.
    #[track_caller]
    pub(crate) fn dry_activate(&self) -> Ended {
        self.run("dry-activate", &[("NIXOS_ACTION", "dry-activate")])
    }

    /// Starts a unit.
    #[track_caller]
    pub(crate) fn start(&self, unit: &str) -> Ended {
        self.run(&format!("units/{unit}.run"), &[])
    }

    /// Starts a daemon of launchd, or a script of nix-darwin's activation.
    #[track_caller]
    pub(crate) fn start_daemon(&self, name: &str) -> Ended {
        self.run(name, &[])
    }

    /// Starts a unit or an agent of a user's.
    #[track_caller]
    pub(crate) fn start_as(&self, user: &str, unit: &str, runtime: &str) -> Ended {
        let mut command = self.machine.host.command_as(user, self.path.join(unit));
        command
            .env("XDG_RUNTIME_DIR", runtime)
            .env("HOME", format!("/srv/{user}"));
        Ended::from(command.output().expect("run in the machine"))
    }

    /// Where one of its files is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
