//! The outputs of `flake.nix` and `default.nix`, over a stand-in for nixpkgs.

use std::fs;
use std::process::{Command, Stdio};

use nixseal_testkit::keys;
use nixseal_testkit::workdir::succeed;
use serde_json::{Value, json};

use crate::nix::{Nix, copy, project};

/// What the project is for Nix: without what building leaves behind.
fn source(nix: &Nix) -> String {
    let copied = nix.folder().join("project");
    fs::create_dir(&copied).expect("make a folder");
    for name in [
        "flake.nix",
        "default.nix",
        "nix",
        "modules",
        "overlay.nix",
        "pkgs",
        "docs",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        copy(&project(name), &copied.join(name));
    }
    fs::create_dir(copied.join("crates")).expect("make a folder");
    copied.display().to_string()
}

/// Makes of outputs what JSON can carry: of a package its main program, once it is evaluated to a derivation.
const SHOW: &str = r#"
    let
      show = value:
        if builtins.isFunction value then "function"
        else if builtins.isAttrs value && value ? drvPath then
          builtins.seq value.drvPath (value.meta.mainProgram or "")
        else if builtins.isAttrs value then builtins.mapAttrs (_: show) value
        else if builtins.isPath value then (if builtins.pathExists value then "module" else "missing")
        else builtins.unsafeDiscardStringContext (toString value);
    in show
"#;

/// The stand-in for nixpkgs, whose packages have the program under test.
fn nixpkgs(nix: &Nix) -> String {
    let copied = nix.folder().join("nixpkgs");
    if !copied.exists() {
        copy(&project("nix/tests/nixpkgs"), &copied);
        fs::write(copied.join("program"), env!("CARGO_BIN_EXE_nixseal")).expect("write a file");
    }
    copied.display().to_string()
}

/// A command of `nix` for the flake, without the network and without a lock file.
fn nix_command(nix: &Nix, command: &str) -> Command {
    let nixpkgs = format!("path:{}", nixpkgs(nix));
    let mut line = nix.command("nix");
    line.args([command, "--offline", "--no-write-lock-file"])
        .args(["--override-input", "nixpkgs", &nixpkgs]);
    line
}

fn output(nix: &Nix, source: &str, name: &str) -> Value {
    let output = nix_command(nix, "eval")
        .args(["--json", "--apply", SHOW])
        .arg(format!("path:{source}#{name}"))
        .output()
        .expect("run nix");
    assert!(
        output.status.success(),
        "nix eval {name}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON from nix")
}

#[test]
fn every_output_of_the_flake_evaluates() {
    let nix = Nix::new();
    let source = source(&nix);
    let systems = [
        "x86_64-linux",
        "aarch64-linux",
        "x86_64-darwin",
        "aarch64-darwin",
    ];

    let packages = output(&nix, &source, "packages");
    for system in systems {
        for (name, program) in [
            ("default", "nixseal"),
            ("nixseal", "nixseal"),
            ("age", "age"),
            ("age-keygen", "age-keygen"),
            ("agenix", "agenix"),
            ("ragenix", "ragenix"),
            ("sops", "sops"),
            ("sops-install-secrets", "sops-install-secrets"),
            ("ssh-to-age", "ssh-to-age"),
            ("sops-init-gpg-key", "sops-init-gpg-key"),
            ("sops-import-keys-hook", ""),
            ("sops-pgp-hook", ""),
            ("sops-pgp-hook-test", "sops-pgp-hook.test"),
            ("ssh-to-pgp", ""),
            ("unit-tests", "unit-tests"),
            ("lint", "nixseal"),
            ("doc", ""),
        ] {
            assert_eq!(
                packages[system][name],
                json!(program),
                "packages.{system}.{name}"
            );
        }
    }
    assert_eq!(packages["x86_64-linux"]["cross-build"], json!("nixseal"));
    assert_eq!(packages["x86_64-darwin"].get("cross-build"), None);

    let checks = output(&nix, &source, "checks");
    assert_eq!(checks["x86_64-linux"]["nixseal"], json!("nixseal"));
    assert_eq!(checks["aarch64-darwin"]["hooks"], json!("unit-tests"));
    for test in ["integration", "userborn"] {
        assert_eq!(checks["x86_64-linux"][test], json!(""), "{test}");
        assert_eq!(checks["x86_64-darwin"].get(test), None, "{test}");
    }
    for name in ["devShells", "formatter", "apps"] {
        let found = output(&nix, &source, name);
        for system in systems {
            assert!(
                found[system].is_object() || found[system].is_string(),
                "{name}.{system}"
            );
        }
    }

    let modules = json!({"default": "module", "age": "module", "sops": "module"});
    for name in [
        "nixosModules",
        "darwinModules",
        "homeManagerModules",
        "homeModules",
    ] {
        let found = output(&nix, &source, name);
        for tree in ["default", "age", "sops"] {
            let path = found[tree].as_str().expect("a path");
            assert!(
                path == "module" || path.contains("/nix/modules/"),
                "{name}.{tree}: {path}"
            );
        }
        assert_eq!(
            found.as_object().map(|found| found.len()),
            modules.as_object().map(|all| all.len())
        );
    }
    for name in [
        "nixosModule",
        "darwinModule",
        "homeManagerModule",
        "homeModule",
    ] {
        output(&nix, &source, name);
    }
    assert_eq!(
        output(&nix, &source, "overlays"),
        json!({"default": "function"})
    );
}

/// Without flakes: channels, npins, or a plain import.
#[test]
fn the_project_is_imported_without_flakes() {
    let nix = Nix::new();
    let source = source(&nix);
    let found = nix.evaluate(&format!(
        r#"
        let
          pkgs = import {nixpkgs} {{ }};
          all = import {source} {{ inherit pkgs; }};
          called = pkgs.callPackage {source} {{ }};
          overlaid = import {nixpkgs} {{ overlays = [ all.overlay ]; }};
        in {{
          modules = builtins.mapAttrs (_: builtins.mapAttrs (_: builtins.pathExists))
            (import {source} {{ pkgs = throw "modules need no nixpkgs"; }}).modules;
          agenix = all.agenix.meta.mainProgram;
          installer = called.sops-install-secrets.meta.mainProgram;
          ours = all.sops-install-secrets ? nixseal && !(all.ssh-to-pgp ? nixseal);
          overlay = map (name: overlaid.${{name}}.name) [
            "nixseal" "agenix" "sops-install-secrets" "sops-init-gpg-key"
            "sops-pgp-hook" "sops-import-keys-hook" "ssh-to-pgp"
          ];
          places = [
            (pkgs.callPackage {source}/pkgs/agenix.nix {{ ageBin = "/bin/age"; }}).meta.mainProgram
            ((import {nixpkgs} {{ overlays = [ (import {source}/overlay.nix) ]; }}).agenix.override {{ }}).meta.mainProgram
          ];
          kept = map (name: overlaid.${{name}}.name) [ "age" "sops" ];
        }}
        "#,
        nixpkgs = project("nix/tests/nixpkgs").display(),
    ));
    let tree = json!({"default": true, "age": true, "sops": true});
    assert_eq!(
        found,
        json!({
            "modules": {"nixos": tree, "darwin": tree, "home": tree},
            "agenix": "agenix",
            "installer": "sops-install-secrets",
            "ours": true,
            "overlay": [
                format!("nixseal-{}", env!("CARGO_PKG_VERSION")), "agenix-nixseal", "sops-install-secrets-nixseal",
                "sops-init-gpg-key-0.1.0", "sops-pgp-hook", "sops-import-keys-hook", "ssh-to-pgp"
            ],
            "places": ["agenix", "agenix"],
            "kept": ["age", "sops"],
        })
    );
}

/// `nix run …#agenix -- -e secrets/wifi.age`, and the other names.
#[test]
fn programs_run_by_the_names_of_packages() {
    let nix = Nix::new();
    let source = source(&nix);
    let key = keys::age(nix.folder(), "key.txt");
    nix.folder().write(
        "secrets.nix",
        format!(
            "{{ \"secrets/wifi.age\".publicKeys = [ \"{}\" ]; }}",
            key.recipient
        ),
    );
    nix.folder().write("value", "swordfish");
    let run = |name: &str| {
        let mut command = nix_command(&nix, "run");
        command.arg(format!("path:{source}#{name}")).arg("--");
        command
    };
    let value = fs::File::open(nix.folder().join("value")).expect("open a file");
    succeed(
        run("agenix")
            .args(["-e", "secrets/wifi.age"])
            .stdin(Stdio::from(value)),
    );
    let opened = succeed(run("age").args(["-d", "-i", "key.txt", "secrets/wifi.age"]));
    assert_eq!(opened.stdout, b"swordfish");
    for (name, flag, says) in [
        ("default", "--version", "nixseal"),
        ("nixseal", "--version", "nixseal"),
        ("agenix", "--help", "agenix"),
        ("ragenix", "--help", "ragenix"),
        ("sops", "--version", "sops"),
        ("age-keygen", "--help", "age-keygen"),
        ("ssh-to-age", "-help", "ssh-to-age"),
        ("sops-install-secrets", "-h", "sops-install-secrets"),
    ] {
        let output = run(name).arg(flag).output().expect("run nix");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(says), "{name} {flag} says:\n{said}");
    }
}

/// A recipient of a plugin `witness`.
const PLUGIN_RECIPIENT: &str = "age1witness1de5hsum9v9kq8zc53v";

/// The package has the manual, completions and every name.
#[test]
fn the_package_has_all_names_completions_and_the_manual() {
    let nix = Nix::new();
    let source = source(&nix);
    let built = succeed(
        nix_command(&nix, "build")
            .args(["--no-link", "--json"])
            .arg(format!("path:{source}#nixseal")),
    );
    let built: Value = serde_json::from_slice(&built.stdout).expect("JSON from nix");
    let out = std::path::Path::new(built[0]["outputs"]["out"].as_str().expect("a path"));
    for name in [
        "bin/nixseal",
        "bin/age",
        "bin/age-keygen",
        "bin/agenix",
        "bin/ragenix",
        "bin/sops",
        "bin/sops-install-secrets",
        "bin/ssh-to-age",
        "share/man/man1/nixseal.1",
        "share/man/man1/nixseal-activate.1",
        "share/completions/nixseal.bash",
        "share/completions/nixseal.zsh",
        "share/completions/nixseal.fish",
    ] {
        let found = fs::metadata(out.join(name)).unwrap_or_else(|_| panic!("{name} is missing"));
        assert!(found.len() > 0, "{name} is empty");
    }
}

/// What configurations of agenix override in its package.
#[test]
fn the_age_program_of_the_package_can_be_overridden() {
    let nix = Nix::new();
    let source = source(&nix);
    let nixpkgs = nixpkgs(&nix);
    let build = |package: &str, age: &str| {
        let output = succeed(nix.command("nix-build").args(["--no-out-link", "--expr"]).arg(format!(
            "((import {source} {{ pkgs = import {nixpkgs} {{ }}; }}).{package}.override {{ ageBin = \"{age}\"; }})"
        )));
        String::from_utf8(output.stdout)
            .expect("a path")
            .trim_end()
            .to_owned()
            + "/bin/agenix"
    };
    // A plugin that notes that it was run.
    let plugin = nix.folder().write(
        "plugins/bin/age-plugin-witness",
        "#!/bin/sh\ntouch \"$WITNESS\"\nexit 1\n",
    );
    nix.folder().set_mode(&plugin, 0o755);
    let plugins = nix.folder().join("plugins/bin").display().to_string();
    nix.folder().write(
        "secrets.nix",
        format!("{{ \"x.age\".publicKeys = [ \"{PLUGIN_RECIPIENT}\" ]; }}"),
    );
    for (number, (package, age)) in [
        ("agenix", format!("{plugins}/age")),
        ("agenix", format!("PATH=$PATH:{plugins} /usr/bin/age")),
        ("nixseal", format!("{plugins}/age")),
    ]
    .iter()
    .enumerate()
    {
        let witness = nix.folder().join(format!("witness{number}"));
        let agenix = build(package, age);
        let value = fs::File::open(nix.folder().write("value", "x")).expect("open a file");
        let output = Command::new(&agenix)
            .args(["-e", "x.age"])
            .current_dir(nix.folder().path())
            .env("WITNESS", &witness)
            .stdin(Stdio::from(value))
            .output()
            .expect("run agenix");
        assert!(!output.status.success(), "the plugin fails");
        assert!(
            witness.exists(),
            "the plugin was not found: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
