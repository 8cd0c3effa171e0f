//! The tests of sops-nix for macOS and home-manager, by their names there, built and run: `checks/darwin.nix` and
//! `checks/home-manager.nix`.

use nixseal_testkit::keys::SshKind;

use crate::machine::{Machine, SECRETS};

/// `checks/darwin.nix`: there it is only built.
#[test]
fn darwin() {
    let machine = Machine::new();
    let key = machine.host_key(SshKind::Ed25519, "ssh_host_ed25519_key");
    machine.sops(&["--age", &key.public], "secrets.yaml", SECRETS);
    let system = machine.build_for(
        "darwin",
        r#"{ config, ... }: {
          sops.secrets.test_key = { };
          sops.templates."template.toml".content = ''
            password = "${config.sops.placeholder.test_key}";
          '';
          sops.templates."template-with-uid.toml" = {
            content = ''
              password = "${config.sops.placeholder.test_key}";
            '';
            uid = 1000;
          };
          sops.templates."template-with-gid.toml" = {
            content = ''
              password = "${config.sops.placeholder.test_key}";
            '';
            gid = 1000;
          };
          sops.defaultSopsFile = ./secrets.yaml;
          sops.age.generateKey = true;
        }"#,
    );
    // There is no group `staff` on Linux.
    machine.host.shell("echo staff:x:50: >>/etc/group");
    for run in ["postActivation", "sops-install-secrets"] {
        let ended = system.start_daemon(run).with_code(0);
        assert!(ended.stdout.contains("Setting up secrets..."), "{ended:?}");
        assert_eq!(machine.text("/run/secrets/test_key"), "test_value");
        for (name, access) in [
            ("template.toml", "0400 root:root"),
            ("template-with-uid.toml", "0400 app:root"),
            ("template-with-gid.toml", "0400 root:app"),
        ] {
            let path = format!("/run/secrets/rendered/{name}");
            assert_eq!(machine.text(&path), "password = \"test_value\";\n");
            assert_eq!(machine.host.access(&path), access);
        }
    }
}

/// `checks/home-manager.nix`: there it is only built. The key is made, and then one that opens the file takes its place.
#[test]
fn home_manager() {
    let (machine, _key) = Machine::with_age_key();
    machine.host.folder("/srv/app", "app", 0o700);
    machine.host.folder("/run/user/1000", "app", 0o700);
    let home = machine.build_for(
        "home",
        r#"{ config, ... }: {
          home.username = "app";
          home.homeDirectory = "/srv/app";
          xdg.configHome = "/srv/app/.config";
          sops.age.generateKey = true;
          sops.age.keyFile = "${config.home.homeDirectory}/.age-key.txt";
          sops.secrets.test_key = { };
          sops.templates."template.toml".content = ''
            password = "${config.sops.placeholder.test_key}";
          '';
          sops.defaultSopsFile = ./secrets.yaml;
        }"#,
    );
    let start = || home.start_as("app", "sops-nix", "/run/user/1000");
    let ended = start().with_code(1);
    assert!(
        ended
            .stdout
            .contains("generating machine-specific age key..."),
        "{ended:?}"
    );
    assert_eq!(machine.host.access("/srv/app/.age-key.txt"), "0600 app:app");

    machine
        .host
        .shell("cp /run/age-keys.txt /srv/app/.age-key.txt");
    start().with_code(0);
    let secrets = "/srv/app/.config/sops-nix/secrets";
    assert_eq!(machine.text(&format!("{secrets}/test_key")), "test_value");
    assert_eq!(
        machine.text(&format!("{secrets}/rendered/template.toml")),
        "password = \"test_value\";\n"
    );
}
