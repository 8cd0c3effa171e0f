# Every option of agenix and sops-nix, with its type and default, as upstream-options.tsv has them; and what is new.
{
  lib,
  evaluate,
  ...
}:
let
  rows = import ../option-rows.nix { inherit lib; };
  table = builtins.filter (line: builtins.isString line && line != "") (
    builtins.split "\n" (builtins.readFile ../upstream-options.tsv)
  );
  fields = line: builtins.filter builtins.isString (builtins.split "\t" line);
  module = {
    age = {
      nixos = ../../modules/nixos/age.nix;
      darwin = ../../modules/darwin/age.nix;
      home = ../../modules/home/age.nix;
    };
    sops = {
      nixos = ../../modules/nixos/sops.nix;
      darwin = ../../modules/darwin/sops.nix;
      home = ../../modules/home/sops.nix;
    };
  };
  ours = tree: platform: rows tree platform evaluate.${platform} module.${tree}.${platform};
  theirs =
    tree: platform:
    builtins.filter (
      line:
      let
        parts = fields line;
      in
      builtins.head parts == platform
      && builtins.substring 0 (builtins.stringLength tree + 1) (builtins.elemAt parts 1) == "${tree}."
    ) table;
  name = line: builtins.elemAt (fields line) 1;

  same = tree: platform: {
    got = {
      missing = builtins.filter (line: !builtins.elem line (ours tree platform)) (theirs tree platform);
      some = theirs tree platform != [ ];
    };
    want = {
      missing = [ ];
      some = true;
    };
  };
  added = tree: platform: {
    got =
      let
        known = map name (theirs tree platform);
      in
      builtins.filter (option: !builtins.elem option known) (map name (ours tree platform));
  };

  template = [
    "age.templates"
    "age.templates.content"
  ];
  units = prefix: [
    "${prefix}.reloadUnits"
    "${prefix}.restartUnits"
  ];
in
{
  "options: agenix on NixOS" = same "age" "nixos";
  "options: agenix on macOS" = same "age" "darwin";
  "options: agenix in a home" = same "age" "home";
  "options: sops-nix on NixOS" = same "sops" "nixos";
  "options: sops-nix on macOS" = same "sops" "darwin";
  "options: sops-nix in a home" = same "sops" "home";
  "options: new for age on NixOS" = added "age" "nixos" // {
    want = [
      "age.generateKey"
      "age.hostPublicKey"
      "age.keyFile"
      "age.placeholder"
      "age.plugins"
      "age.secrets.credentials"
      "age.secrets.neededForUsers"
      "age.secrets.onFailure"
      "age.secrets.optional"
    ]
    ++ units "age.secrets"
    ++ template
    ++ [
      "age.templates.credentials"
      "age.templates.file"
      "age.templates.group"
      "age.templates.mode"
      "age.templates.name"
      "age.templates.onFailure"
      "age.templates.optional"
      "age.templates.owner"
      "age.templates.path"
    ]
    ++ units "age.templates";
  };
  "options: new for age in a home" = added "age" "home" // {
    want = [
      "age.generateKey"
      "age.hostPublicKey"
      "age.keyFile"
      "age.placeholder"
      "age.plugins"
      "age.secrets.credentials"
      "age.secrets.onFailure"
      "age.secrets.optional"
    ]
    ++ units "age.secrets"
    ++ template
    ++ [
      "age.templates.credentials"
      "age.templates.file"
      "age.templates.mode"
      "age.templates.name"
      "age.templates.onFailure"
      "age.templates.optional"
      "age.templates.path"
    ]
    ++ units "age.templates";
  };
  "options: new for sops on NixOS" = added "sops" "nixos" // {
    want = [
      "sops.hostPublicKey"
      "sops.secrets.credentials"
      "sops.secrets.onFailure"
      "sops.secrets.optional"
      "sops.templates.credentials"
      "sops.templates.neededForUsers"
      "sops.templates.onFailure"
      "sops.templates.optional"
    ];
  };
  "options: new for sops on macOS" = added "sops" "darwin" // {
    want = [
      "sops.hostPublicKey"
      "sops.secrets.onFailure"
      "sops.secrets.optional"
      "sops.templates.onFailure"
      "sops.templates.optional"
    ];
  };
  "options: new for sops in a home" = added "sops" "home" // {
    want = [
      "sops.hostPublicKey"
      "sops.secrets.credentials"
      "sops.secrets.onFailure"
      "sops.secrets.optional"
    ]
    ++ units "sops.secrets"
    ++ [
      "sops.templates.credentials"
      "sops.templates.onFailure"
      "sops.templates.optional"
    ]
    ++ units "sops.templates";
  };
  "options: all of nixseal's are neutral" = {
    got =
      let
        options = (evaluate.nixos [ ../../modules/nixos ]).options.nixseal;
      in
      {
        scan = options.storeScan.enable.default;
        failure = options.onFailure.default;
        manifests = options.manifests.default;
      };
    want = {
      scan = false;
      failure = "keep";
      manifests = { };
    };
  };
}
