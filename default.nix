# Packages, overlay, modules and checks, with or without flakes: `import nixseal { }`, channels, npins.
{
  pkgs ? import <nixpkgs> { },
  # An argument of sops-nix; there is nothing to vendor here.
  vendorHash ? null,
}:
let
  # Modules and the overlay can be taken from here without nixpkgs: no name depends on `pkgs`.
  packages = import ./nix/packages { inherit pkgs; };
  outputs = import ./nix/outputs.nix;
  linux = set: if pkgs.stdenv.hostPlatform.isLinux then set else { };
in
{
  inherit (packages) nixseal;
  inherit (outputs) modules;
  overlay = outputs.overlays.default;

  # For `ssh-to-pgp`, which some take from here.
  inherit (pkgs) ssh-to-pgp;

  devShell = pkgs.mkShell {
    packages = [
      pkgs.cargo
      pkgs.clippy
      pkgs.rustc
      pkgs.rustfmt
      pkgs.go
      pkgs.gnupg
      pkgs.jq
      pkgs.openssh
      pkgs.strace
    ];
  };
  formatter = pkgs.nixfmt-tree or pkgs.nixfmt-rfc-style or pkgs.nixpkgs-fmt;
  checks = {
    inherit (packages) nixseal;
    hooks = packages.development.unit-tests;
  }
  // linux (import ./nix/tests/vm { inherit pkgs; });
}
// packages.dropIns packages.nixseal
// packages.helpers
// packages.development
// {
  # For Linux.
  cross-build = packages.static;
}
