//! The activation of agenix: what comes before users are made, and after (A1 to
//! A11). The original is the script that its module makes.

use nixseal_testkit::host::Ended;
use nixseal_testkit::keys::SshKind;
use serde_json::{Value, json};

use crate::identities::host_key;
use crate::installer::Installer;
use crate::scene::{Scene, ended, is_common, with};

/// A machine with an ed25519 host key, and how to activate on it.
struct Machine {
    scene: Scene,
    installer: Installer,
    /// The host's public key.
    recipient: String,
}

const HOST_KEY: &str = "/etc/ssh/ssh_host_ed25519_key";

impl Machine {
    fn new(installer: Installer) -> Self {
        let scene = Scene::empty();
        let (key, path) = host_key(&scene, SshKind::Ed25519);
        assert_eq!(path, HOST_KEY);
        Self {
            scene,
            installer,
            recipient: key.public,
        }
    }

    /// Encrypts a secret for the host; it is at `/etc/NAME.age`.
    fn seal(&self, name: &str, text: &str) -> Value {
        let file = self
            .scene
            .age(&[&self.recipient], &format!("{name}.age"), text);
        json!({
            "name": name,
            "age": { "file": file },
            "path": format!("/run/agenix/{name}"),
            "mode": "0400",
            "symlink": true,
        })
    }

    /// Activates: secrets, then what is between (where users are made), then owners.
    fn activate_with(&self, manifest: &Value, between: &str) -> Ended {
        self.scene
            .host
            .put("/etc/age.json", manifest.to_string(), 0o444);
        match self.installer {
            Installer::Ours => {
                let nixseal = |flag: &str| {
                    let mut command = self.scene.host.command(env!("CARGO_BIN_EXE_nixseal"));
                    command.args(["activate", flag, "/etc/age.json"]);
                    ended(&mut command)
                };
                let first = nixseal("--ignore-passwd");
                self.scene.host.shell(between);
                let second = nixseal("--own");
                Ended {
                    code: first.code.max(second.code),
                    stdout: first.stdout + &second.stdout,
                    stderr: first.stderr + &second.stderr,
                }
            }
            #[cfg(feature = "originals")]
            Installer::Original => {
                let script = original_script(&self.scene, manifest);
                let mut command: Command = self.scene.host.command("bash");
                command.args(["-c", &script]).env("BETWEEN", between);
                ended(&mut command)
            }
        }
    }

    fn activate(&self, secrets: &[Value]) -> Ended {
        self.activate_with(&manifest(secrets), "true")
    }

    fn tree(&self) -> Vec<String> {
        let mut lines = self.scene.host.tree(&["/run/agenix", "/run/agenix.d"]);
        lines.retain(|line| is_common(line));
        lines
    }

    fn text(&self, name: &str) -> String {
        self.scene.host.text(&format!("/run/agenix/{name}"))
    }
}

fn manifest(secrets: &[Value]) -> Value {
    json!({
        "version": 1,
        "identities": { "sshKeys": [HOST_KEY] },
        "trees": [{
            "name": "age",
            "layout": "agenix",
            "mountPoint": "/run/agenix.d",
            "link": "/run/agenix",
            "secrets": secrets,
        }],
    })
}

/// What the module makes of a manifest, evaluated by the real Nix.
#[cfg(feature = "originals")]
fn original_script(scene: &Scene, manifest: &Value) -> String {
    use nixseal_testkit::peers;
    let original = crate::installer::original;
    let file = scene.inputs.write("age.json", manifest.to_string());
    let expression =
        peers::workspace_root().join("crates/cli/tests/activation/agenix-original.nix");
    let mut command = scene.inputs.command(peers::nix_instantiate());
    command
        .env("NIX_STATE_DIR", scene.inputs.join("state"))
        .args(["--eval", "--strict", "--json", "--readonly-mode"])
        .arg(expression)
        .args(["--arg", "module"])
        .arg(original("NIXSEAL_AGENIX_MODULE"))
        .args(["--arg", "lib"])
        .arg(original("NIXPKGS_LIB"))
        .args(["--arg", "manifest"])
        .arg(file)
        .args(["--argstr", "age"])
        .arg(peers::age());
    let output = nixseal_testkit::workdir::succeed(&mut command).stdout;
    serde_json::from_slice(&output).expect("a script")
}

parity! {
    fn the_tree_is_as_agenix_leaves_it(installer) {
        let machine = Machine::new(installer);
        let mine = json!({ "owner": "app", "group": "web", "mode": "0640" });
        let secrets = [
            machine.seal("root", "of root"),
            with(machine.seal("sub/dir/app", "of app\n"), mine),
        ];
        machine.activate(&secrets).with_code(0);
        assert_eq!(
            machine.tree(),
            [
                "link root:root /run/agenix -> /run/agenix.d/1",
                "0751 root:keys /run/agenix.d/",
                "0751 root:keys /run/agenix.d/1/",
                "0400 root:root /run/agenix.d/1/root",
                "0755 root:root /run/agenix.d/1/sub/",
                "0755 root:root /run/agenix.d/1/sub/dir/",
                "0640 app:web /run/agenix.d/1/sub/dir/app",
            ]
        );
        assert_eq!(machine.text("root"), "of root");
        assert_eq!(machine.text("sub/dir/app"), "of app\n");
        let mounts = machine.scene.host.mounts();
        assert_eq!(mounts, ["/run/agenix.d ramfs rw,nosuid,nodev,relatime,mode=751"]);
    }

    fn only_the_generation_before_is_removed(installer) {
        let machine = Machine::new(installer);
        let secrets = [machine.seal("one", "1")];
        machine.activate(&secrets).with_code(0);
        machine.scene.host.shell("mkdir /run/agenix.d/9; ln -sfn /run/agenix.d/9 /run/agenix");
        machine.activate(&secrets).with_code(0);
        assert_eq!(machine.scene.host.target("/run/agenix"), "/run/agenix.d/10");
        assert!(!machine.scene.host.exists("/run/agenix.d/9"));
        assert_eq!(machine.scene.host.mounts().len(), 1);
    }

    fn other_paths_are_links(installer) {
        let machine = Machine::new(installer);
        let secrets = [
            with(machine.seal("linked", "1"), json!({ "path": "/srv/a/b/link", "owner": "app" })),
            with(
                machine.seal("real", "2"),
                json!({
                    "path": "/srv/c/file", "symlink": false,
                    "owner": "app", "group": "app", "mode": "0440",
                }),
            ),
        ];
        // A link that leads elsewhere and a file are replaced.
        machine.scene.host.shell("mkdir -p /srv/a/b; ln -s /etc/passwd /srv/a/b/link");
        machine.scene.host.put("/srv/c/file", "old", 0o644);
        machine.activate(&secrets).with_code(0);
        assert_eq!(
            machine.scene.host.tree(&["/srv"]),
            [
                "0755 root:root /srv/",
                "0755 root:root /srv/a/",
                "0755 root:root /srv/a/b/",
                "link root:root /srv/a/b/link -> /run/agenix/linked",
                "0755 root:root /srv/c/",
                "0440 app:app /srv/c/file",
            ]
        );
        assert_eq!(machine.scene.host.text("/srv/a/b/link"), "1");
        assert_eq!(machine.scene.host.text("/srv/c/file"), "2");
        assert!(!machine.scene.host.exists("/run/agenix/real"));
    }

    fn modes_are_as_chmod_takes_them(installer) {
        let machine = Machine::new(installer);
        let wanted = [
            ("0", "0000"),
            ("440", "0440"),
            ("0777", "0777"),
            ("u=rw,g=r", "0640"),
            ("a+r", "0444"),
            ("u+wx,go=", "0700"),
        ];
        let secrets: Vec<_> = wanted
            .iter()
            .enumerate()
            .map(|(index, (mode, _))| {
                with(machine.seal(&format!("s{index}"), "x"), json!({ "mode": mode }))
            })
            .collect();
        machine.activate(&secrets).with_code(0);
        for (index, (mode, bits)) in wanted.iter().enumerate() {
            let access = machine.scene.host.access(&format!("/run/agenix/s{index}"));
            // What is not given, agenix has from a file of 0400.
            assert_eq!(access, format!("{bits} root:root"), "{mode}");
        }
    }

    fn secrets_are_there_before_users_are_made(installer) {
        let machine = Machine::new(installer);
        let secret = with(
            machine.seal("password", "hash"),
            json!({ "owner": "newcomer", "group": "newcomer" }),
        );
        let between = "echo newcomer:x:5000:5000::/:/bin/sh >>/etc/passwd
            echo newcomer:x:5000: >>/etc/group
            stat -c '%a %U:%G' /run/agenix/password >/run/seen
            cat /run/agenix/password >>/run/seen";
        machine.activate_with(&manifest(&[secret]), between).with_code(0);
        assert_eq!(machine.scene.host.text("/run/seen"), "400 root:root\nhash");
        assert_eq!(machine.scene.host.access("/run/agenix/password"), "0400 5000:5000");
    }

    fn missing_identities_are_warnings(installer) {
        let machine = Machine::new(installer);
        machine.scene.host.put("/etc/ssh/empty", "", 0o600);
        let secret = machine.seal("a", "text");
        let keys = json!({ "sshKeys": ["/etc/ssh/none", "/etc/ssh/empty", HOST_KEY] });
        let manifest = with(manifest(&[secret]), json!({ "identities": keys }));
        let end = machine.activate_with(&manifest, "true").with_code(0);
        let said = end.stdout + &end.stderr;
        let line = "[agenix] WARNING: config.age.identityPaths entry /etc/ssh/none not present!";
        assert!(said.lines().any(|found| found == line), "{said}");
        assert_eq!(machine.text("a"), "text");
    }

    fn a_run_says_what_agenix_says(installer) {
        let machine = Machine::new(installer);
        let secrets = [machine.seal("a", "1"), machine.seal("b", "2")];
        machine.activate(&secrets).with_code(0);
        let end = machine.activate(&secrets).with_code(0);
        let said: Vec<_> = end.stdout.lines().collect();
        let common = [
            "[agenix] creating new generation in /run/agenix.d/2",
            "[agenix] decrypting secrets...",
            "decrypting '/etc/a.age' to '/run/agenix.d/2/a'...",
            "decrypting '/etc/b.age' to '/run/agenix.d/2/b'...",
            "[agenix] symlinking new secrets to /run/agenix (generation 2)...",
            "[agenix] removing old secrets (generation 1)...",
            "[agenix] chowning...",
        ];
        // Ours has nothing to do the second time: it says so by saying less.
        if !installer.is_ours() {
            assert_eq!(said, common);
        }
    }

    fn a_secret_that_cannot_be_opened_fails_the_run(installer) {
        let machine = Machine::new(installer);
        let good = machine.seal("good", "1");
        let other = machine.scene.key.recipient.clone();
        let file = machine.scene.age(&[&other], "bad.age", "2");
        let bad = with(machine.seal("bad", "2"), json!({ "age": { "file": file } }));
        machine.scene.age(&[&other], "bad.age", "2");
        let end = machine.activate(&[bad, good]);
        assert_ne!(end.code, 0, "{end:?}");
        // The others are there all the same.
        assert_eq!(machine.text("good"), "1");
        assert!(!machine.scene.host.exists("/run/agenix/bad"));
    }

    fn armored_files_and_odd_names(installer) {
        let machine = Machine::new(installer);
        let hyphen = machine.seal("-leading-hyphen-filename", "filename started with hyphen\n");
        let armored = machine.seal("armored", "Hello World!\n");
        nixseal_testkit::keys::age_encrypt(
            &machine.scene.inputs,
            &[&machine.recipient],
            true,
            b"Hello World!\n",
            "armored.age",
        );
        let text = machine.scene.inputs.read("armored.age");
        machine.scene.host.put("/etc/armored.age", text, 0o444);
        let hyphen = with(hyphen, json!({ "name": "leading-hyphen", "path": "/run/agenix/leading-hyphen" }));
        machine.activate(&[armored, hyphen]).with_code(0);
        assert_eq!(machine.text("armored"), "Hello World!\n");
        assert_eq!(machine.text("leading-hyphen"), "filename started with hyphen\n");
    }

    /// The part of agenix's integration test that is about the system; what is
    /// about its command line is in the tests of that.
    fn integration(installer) {
        let machine = Machine::new(installer);
        let keys = json!({ "sshKeys": [HOST_KEY, "/etc/ssh/this_key_wont_exist"] });
        let secrets = [
            machine.seal("leading-hyphen", "filename started with hyphen\n"),
            machine.seal("passwordfile-user1", "$6$hash"),
        ];
        let manifest = with(manifest(&secrets), json!({ "identities": keys }));
        let between = "echo \"user1:$(cat /run/agenix/passwordfile-user1):::::::\" >>/etc/shadow";
        machine.activate_with(&manifest, between).with_code(0);
        assert_eq!(machine.scene.host.shell("cat /etc/shadow"), "user1:$6$hash:::::::\n");
        assert!(machine.text("leading-hyphen").contains("filename started with hyphen"));
    }
}
