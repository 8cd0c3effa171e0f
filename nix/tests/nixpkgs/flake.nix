{
  description = "A stand-in for nixpkgs: enough of it to evaluate every output of nixseal's flake";
  outputs = _: {
    legacyPackages = builtins.listToAttrs (
      map
        (system: {
          name = system;
          value = import ./packages.nix { inherit system; };
        })
        [
          "x86_64-linux"
          "aarch64-linux"
          "x86_64-darwin"
          "aarch64-darwin"
        ]
    );
  };
}
