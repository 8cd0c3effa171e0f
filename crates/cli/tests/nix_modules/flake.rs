//! The outputs of `flake.nix` and `default.nix`, over a stand-in for nixpkgs.

use serde_json::{Value, json};

use crate::nix::{Nix, copy, project};

/// What the project is for Nix: without what building leaves behind.
fn source(nix: &Nix) -> String {
    let copied = nix.folder().join("project");
    std::fs::create_dir(&copied).expect("make a folder");
    for name in [
        "flake.nix",
        "default.nix",
        "nix",
        "modules",
        "docs",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        copy(&project(name), &copied.join(name));
    }
    std::fs::create_dir(copied.join("crates")).expect("make a folder");
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

fn output(nix: &Nix, source: &str, name: &str) -> Value {
    let nixpkgs = format!("path:{}", project("nix/tests/nixpkgs").display());
    let output = nix
        .command("nix")
        .args(["eval", "--offline", "--no-write-lock-file", "--json"])
        .args(["--override-input", "nixpkgs", &nixpkgs, "--apply", SHOW])
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
          modules = builtins.mapAttrs (_: builtins.mapAttrs (_: builtins.pathExists)) all.modules;
          agenix = all.agenix.meta.mainProgram;
          installer = called.sops-install-secrets.meta.mainProgram;
          ours = all.sops-install-secrets ? nixseal && !(all.ssh-to-pgp ? nixseal);
          overlay = map (name: overlaid.${{name}}.name) [
            "nixseal" "agenix" "sops-install-secrets" "sops-init-gpg-key"
            "sops-pgp-hook" "sops-import-keys-hook" "ssh-to-pgp"
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
            "kept": ["age", "sops"],
        })
    );
}
