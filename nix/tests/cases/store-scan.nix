# NixOS: the search of the store.
{
  view,
  onNixos,
  ...
}:
let
  inherit (onNixos) both config everything;

  foreign =
    { pkgs, ... }:
    {
      sops.package = pkgs.fake "original";
    };
  early = "nixseal-manifest-for-users.json";
in
{
  "scan: the search of the store is a unit that every switch starts" = {
    got =
      let
        unit = view.unit (config (everything ++ [ { nixseal.storeScan.enable = true; } ])) "nixseal-store-scan";
      in
      {
        inherit (unit) wantedBy after;
        inherit (unit.serviceConfig) ExecStart Type;
        path = map (package: package.name) unit.path;
        remains = unit.serviceConfig ? RemainAfterExit;
      };
    want = {
      wantedBy = [ "multi-user.target" ];
      after = [ "multi-user.target" ];
      ExecStart = "/nixseal/bin/nixseal scan --closure /run/current-system --manifest STORE/${early} --manifest STORE/nixseal-manifest.json";
      Type = "oneshot";
      path = [ "nix" ];
      remains = false;
    };
    withoutHashes = true;
  };
  "scan: the search of the store knows what sops-nix installs" = {
    got =
      (view.unit (config (
        everything
        ++ [
          foreign
          { nixseal.storeScan.enable = true; }
        ]
      )) "nixseal-store-scan").serviceConfig.ExecStart;
    want = "/nixseal/bin/nixseal scan --closure /run/current-system --manifest STORE/${early} --manifest STORE/manifest-for-users.json --manifest STORE/manifest.json";
    withoutHashes = true;
  };
  "scan: nothing to search for, no search of the store" = {
    got =
      (config [
        both
        { nixseal.storeScan.enable = true; }
      ]).systemd.services;
    want = { };
  };
}
