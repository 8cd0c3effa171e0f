# Every package: nixseal, the names of other tools with nixseal behind them, and the helpers of sops-nix.
{ pkgs }:
let
  nixseal = pkgs.callPackage ../package.nix { };

  dropIns =
    nixseal:
    builtins.listToAttrs (
      map
        (name: {
          inherit name;
          value = pkgs.callPackage (import ./drop-in.nix { inherit nixseal name; }) { };
        })
        [
          "age"
          "age-keygen"
          "agenix"
          "ragenix"
          "sops"
          "sops-install-secrets"
          "ssh-to-age"
        ]
    );
in
{
  inherit nixseal dropIns;

  # The same for the machine that builds.
  forBuilding =
    package:
    if pkgs.stdenv.buildPlatform == pkgs.stdenv.hostPlatform then
      package
    else
      pkgs.pkgsBuildHost.callPackage ../package.nix { };

  # One program that needs no library of its system.
  static = pkgs.pkgsStatic.callPackage ../package.nix { };

  # For working on nixseal.
  development = {
    sops-pgp-hook-test = pkgs.callPackage ./hook-test.nix { };
    unit-tests = pkgs.callPackage ./unit-tests.nix { };
    lint = nixseal.overrideAttrs (old: {
      pname = "nixseal-lint";
      nativeBuildInputs = old.nativeBuildInputs or [ ] ++ [ pkgs.clippy ];
      buildPhase = "cargo clippy --workspace --all-targets --offline -- -D warnings";
      installPhase = ''touch "$out"'';
      postInstall = "";
    });
  };

  helpers = {
    sops-import-keys-hook = pkgs.callPackage ./sops-import-keys-hook { };
    sops-pgp-hook = pkgs.callPackage ./sops-pgp-hook { };
    sops-init-gpg-key = pkgs.callPackage ./sops-init-gpg-key { };
    doc = pkgs.runCommand "nixseal-doc" { } ''
      mkdir -p "$out/share/doc"
      cp -r ${../../docs} "$out/share/doc/nixseal"
    '';
  };
}
