//! The shell hooks and `sops-init-gpg-key`, with the real GnuPG.

use std::path::Path;
use std::process::{Command, Output};

use nixseal_testkit::Workdir;

use crate::nix::project;

fn run(command: &mut Command) -> Output {
    command.output().expect("run a program")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn both_shell_hooks_import_keys() {
    let folder = Workdir::new();
    let output = run(Command::new("bash")
        .arg(project("nix/packages/hook-test.bash"))
        .arg(project("nix/packages/sops-pgp-hook/sops-pgp-hook.bash"))
        .arg(project(
            "nix/packages/sops-import-keys-hook/sops-import-keys-hook.bash",
        ))
        .env_remove("GNUPGHOME")
        .env("HOME", folder.path()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "hook-test: both hooks work\n");
}

fn init_key(home: &Path, more: &[&str]) -> Output {
    run(Command::new("bash")
        .arg(project("nix/packages/sops-init-gpg-key/sops-init-gpg-key"))
        .args(["--hostname", "server01", "--gpghome"])
        .arg(home)
        .args(more))
}

#[test]
fn sops_init_gpg_key_makes_a_key_for_a_host() {
    let folder = Workdir::new();
    for (name, more, algorithm) in [
        ("rsa", &[][..], "pub:-:2048:1:"),
        ("curve", &["--keytype", "Curve25519"], "pub:-:255:22:"),
    ] {
        let home = folder.join(name);
        let output = init_key(&home, more);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stderr);
        assert!(printed.contains("cat > server01.asc <<EOF"), "{printed}");
        assert!(
            printed.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----"),
            "{printed}"
        );

        let listed = run(Command::new("gpg").arg("--homedir").arg(&home).args([
            "--batch",
            "--with-colons",
            "--fingerprint",
            "--list-keys",
        ]));
        let listed = text(&listed.stdout).replace("pub:u:", "pub:-:");
        assert!(listed.contains(algorithm), "{listed}");
        assert!(listed.contains("server01 <root@server01>"), "{listed}");
        let fingerprint = listed
            .lines()
            .find_map(|line| line.strip_prefix("fpr:::::::::"))
            .expect("a fingerprint")
            .trim_end_matches(':');
        assert!(
            printed.contains(&format!("fingerprint: {fingerprint}")),
            "{printed}"
        );
        run(Command::new("gpgconf")
            .arg("--homedir")
            .arg(&home)
            .args(["--kill", "all"]));
    }

    let again = init_key(&folder.join("rsa"), &[]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stdout).contains("already exists"));
    let unknown = init_key(&folder.join("other"), &["--keytype", "DSA"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(text(&unknown.stdout), "unknown keytype 'DSA'\n");
}
