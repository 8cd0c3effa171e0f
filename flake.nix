{
  description = "Secrets for NixOS that never reach the store: agenix and sops in one program";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  # All of it is in ./default.nix and ./nix/outputs.nix, for those without flakes.
  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      eachSystem =
        f:
        builtins.listToAttrs (
          map (system: {
            name = system;
            value = f (
              builtins.removeAttrs (import ./default.nix { pkgs = nixpkgs.legacyPackages.${system}; }) (
                if builtins.match ".*-linux" system == null then [ "cross-build" ] else [ ]
              )
            );
          }) systems
        );
      notPackages = [
        "modules"
        "overlay"
        "devShell"
        "formatter"
        "checks"
      ];
    in
    builtins.removeAttrs (import ./nix/outputs.nix) [ "modules" ]
    // {
      packages = eachSystem (
        all:
        {
          default = all.nixseal;
        }
        // builtins.removeAttrs all notPackages
      );
      apps = eachSystem (all: {
        unit-tests = {
          type = "app";
          program = "${all.unit-tests}/bin/unit-tests";
        };
      });
      devShells = eachSystem (all: {
        default = all.devShell;
      });
      checks = eachSystem (all: all.checks);
      formatter = eachSystem (all: all.formatter);
    };
}
