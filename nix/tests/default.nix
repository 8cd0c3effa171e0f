# Every case: `{ name = { got; want; }; }`, and what of it failed. `nix-instantiate --eval --strict --json` gives the report.
{
  lib,
  fixtures ? ./fixtures,
  record ? false,
}:
let
  evaluate = import ./evaluate.nix { inherit lib record; };
  view = import ./view.nix { lib = import ./lib; };
  arguments = {
    inherit
      lib
      evaluate
      view
      fixtures
      ;
    onNixos = import ./on-nixos.nix { inherit evaluate fixtures; };
  };
  files = [
    ./cases/nixos.nix
    ./cases/units.nix
    ./cases/plugins.nix
    ./cases/store-scan.nix
    ./cases/manifest.nix
    ./cases/templates.nix
    ./cases/complaints.nix
    ./cases/recipients.nix
    ./cases/home.nix
    ./cases/darwin.nix
    ./cases/imports.nix
    ./cases/options.nix
  ];
  cases = builtins.foldl' (
    all: file:
    let
      more = import file arguments;
      twice = builtins.attrNames (builtins.intersectAttrs all more);
    in
    if twice == [ ] then all // more else throw "two cases are called ${builtins.head twice}"
  ) { } files;

  # Hashes of the store say nothing.
  withoutHashes =
    value:
    if builtins.isString value then
      builtins.concatStringsSep "" (
        map (part: if builtins.isList part then "STORE/" else part) (
          builtins.split "${builtins.storeDir}/[a-z0-9]{32}-" (view.plain value)
        )
      )
    else if builtins.isList value then
      map withoutHashes value
    else if builtins.isAttrs value then
      builtins.mapAttrs (_: withoutHashes) value
    else
      value;
  seen = case: if case.withoutHashes or false then withoutHashes case.got else case.got;
  failures = builtins.filter (name: seen cases.${name} != cases.${name}.want) (
    builtins.attrNames cases
  );
  # Where manifests are recorded, those of configurations with options of the originals alone are, too.
  base =
    platform:
    {
      nixosOld = "nixos";
      homeDarwin = "home";
    }
    .${platform} or platform;
  others = map (
    each:
    (evaluate.${each.platform} [
      (../modules + "/${base each.platform}/${each.tree}.nix")
      each.module
    ]).config.nixseal.manifests
  ) (import ./parity-configurations.nix { inherit fixtures; });
in
{
  recorded = if record then builtins.length (builtins.filter (found: found != { }) others) else 0;
  count = builtins.length (builtins.attrNames cases);
  failures = map (name: {
    inherit name;
    got = seen cases.${name};
    inherit (cases.${name}) want;
  }) failures;
}
