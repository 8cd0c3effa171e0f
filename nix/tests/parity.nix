# Compares the modules with those of agenix and sops-nix, for people who have them: the same configurations, evaluated by
# both. Gives a list of what differs.
{
  lib,
  agenix,
  sopsNix,
  fixtures ? ./fixtures,
}:
let
  evaluate = import ./evaluate.nix { inherit lib; };
  optionTable = import ./option-table.nix { inherit lib; };
  configurations = import ./parity-configurations.nix {
    inherit fixtures;
  };

  modules = {
    age = {
      nixos = [
        "${agenix}/modules/age.nix"
        ../modules/nixos/age.nix
      ];
      darwin = [
        "${agenix}/modules/age.nix"
        ../modules/darwin/age.nix
      ];
      home = [
        "${agenix}/modules/age-home.nix"
        ../modules/home/age.nix
      ];
    };
    sops = {
      nixos = [
        "${sopsNix}/modules/sops"
        ../modules/nixos/sops.nix
      ];
      darwin = [
        "${sopsNix}/modules/nix-darwin"
        ../modules/darwin/sops.nix
      ];
      home = [
        "${sopsNix}/modules/home-manager/sops.nix"
        ../modules/home/sops.nix
      ];
    };
  };
  base =
    platform:
    {
      nixosOld = "nixos";
      homeDarwin = "home";
    }
    .${platform} or platform;

  text = value: builtins.unsafeDiscardStringContext value;
  # Away with the hashes of store paths, blanks at line ends and comments for linters.
  clean =
    value:
    let
      named = builtins.concatStringsSep "" (
        map (part: if builtins.isList part then "/store/" else part) (
          builtins.split "/nix/store/[a-z0-9]{32}-" (text value)
        )
      );
      lines = builtins.filter (line: builtins.isString line) (builtins.split "\n" named);
      words = map (
        line:
        builtins.concatStringsSep " " (
          builtins.filter (word: builtins.isString word && word != "") (builtins.split "[ \t]+" line)
        )
      ) lines;
    in
    # A key is made by nixseal, and its folder is quoted right.
    builtins.filter
      (
        line:
        line != ""
        && line != "sh -c '"
        &&
          builtins.match "# .*|mkdir -p .*|.*/mkdir -p .*|.*(age-keygen -o|nixseal key new) .*" line == null
      )
      (
        map (
          line: if builtins.match "sh -c '.+" line != null then builtins.substring 7 (-1) line else line
        ) words
      );

  json = file: builtins.fromJSON (text file.text);
  attempt =
    value:
    let
      tried = builtins.tryEval (builtins.deepSeq value value);
    in
    if tried.success then tried.value else "<throws>";

  # The fields of a secret that the original has, too.
  fields =
    theirs: ours: builtins.mapAttrs (name: secret: builtins.intersectAttrs secret ours.${name}) theirs;

  failed =
    config:
    builtins.sort builtins.lessThan (
      map (each: text each.message) (builtins.filter (each: !each.assertion) config.assertions)
    );

  nixosView = foreign: config: {
    scripts =
      builtins.mapAttrs
        (
          _: script:
          {
            inherit (script) deps supportsDryActivation;
          }
          // (if foreign then { text = clean script.text; } else { })
        )
        (
          builtins.removeAttrs config.system.activationScripts [
            "specialfs"
            "groups"
            "etc"
          ]
        );
    units = builtins.mapAttrs (
      _: unit:
      builtins.removeAttrs unit [
        "serviceConfig"
        "path"
      ]
      // {
        serviceConfig =
          if foreign then
            unit.serviceConfig // { ExecStart = map clean unit.serviceConfig.ExecStart; }
          else
            builtins.removeAttrs unit.serviceConfig [ "ExecStart" ];
      }
    ) config.systemd.services;
  };
  darwinView = foreign: config: {
    scripts = builtins.mapAttrs (
      _: script: if foreign then builtins.sort builtins.lessThan (clean script.text) else null
    ) config.system.activationScripts;
    daemons = builtins.mapAttrs (
      _: daemon:
      if foreign then
        {
          script = clean daemon.script;
          command = clean daemon.command;
          inherit (daemon) serviceConfig;
        }
      else
        { inherit (daemon) serviceConfig; }
    ) config.launchd.daemons;
  };
  homeView = foreign: config: {
    services = builtins.mapAttrs (
      _: unit: unit // { Service = builtins.removeAttrs unit.Service [ "ExecStart" ]; }
    ) config.systemd.user.services;
    agents = builtins.mapAttrs (
      _: agent:
      agent
      // {
        config = builtins.removeAttrs agent.config [
          "Program"
          "ProgramArguments"
        ];
      }
    ) config.launchd.agents;
    activation = builtins.mapAttrs (_: clean) config.home.activation;
    sessionVariables = config.home.sessionVariables;
  };
  view = {
    nixos = nixosView;
    darwin = darwinView;
    home = homeView;
  };

  manifests =
    platform: tree: config:
    if tree == "age" || platform == "home" then
      { }
    else
      builtins.mapAttrs (_: json) (
        (
          if config.system.build ? sops-nix-manifest then
            { late = config.system.build.sops-nix-manifest; }
          else
            { }
        )
        // {
          early = config.system.build.sops-nix-users-manifest;
        }
      );

  compare =
    name: theirs: ours:
    let
      a = attempt theirs;
      b = attempt ours;
    in
    if a == b then
      [ ]
    else
      [
        {
          inherit name;
          theirs = a;
          ours = b;
        }
      ];

  check =
    case: foreign:
    let
      platform = base case.platform;
      pair = modules.${case.tree}.${platform};
      package =
        name: nixseal:
        {
          type = "derivation";
          inherit name;
          outPath = "/foreign";
          outputName = "out";
          meta.mainProgram = name;
          drvPath = "/foreign";
        }
        // (if nixseal == null then { } else { inherit nixseal; });
      sopsPackage =
        nixseal:
        if case.tree == "sops" then { sops.package = package "sops-install-secrets" nixseal; } else { };
      run =
        module: nixseal:
        evaluate.${case.platform} [
          module
          case.module
          (sopsPackage nixseal)
        ];
      theirs = run (builtins.elemAt pair 0) null;
      ours = run (builtins.elemAt pair 1) (if foreign then null else package "nixseal" null);
      titled =
        what: "${case.name} (${case.platform}, ${if foreign then "their" else "our"} package): ${what}";
      tree = case.tree;
    in
    compare (titled "assertions") (failed theirs.config) (failed ours.config)
    ++ compare (titled "warnings") theirs.config.warnings ours.config.warnings
    ++ compare (titled "secrets") theirs.config.${tree}.secrets (
      fields theirs.config.${tree}.secrets ours.config.${tree}.secrets
    )
    ++ (
      if tree == "sops" then
        compare (titled "templates")
          (builtins.mapAttrs (_: t: builtins.removeAttrs t [ "file" ]) theirs.config.sops.templates)
          (
            fields (builtins.mapAttrs (
              _: t: builtins.removeAttrs t [ "file" ]
            ) theirs.config.sops.templates) ours.config.sops.templates
          )
        ++ compare (titled "placeholder") theirs.config.sops.placeholder ours.config.sops.placeholder
        ++ compare (titled "environment") theirs.config.sops.environment ours.config.sops.environment
        ++ compare (titled "manifests") (manifests platform tree theirs.config) (
          manifests platform tree ours.config
        )
      else
        [ ]
    )
    ++ compare (titled "scripts and units") (view.${platform} foreign theirs.config) (
      view.${platform} foreign ours.config
    );

  # Options: each of theirs is one of ours, the same.
  optionsOf =
    tree: platform:
    let
      pair = modules.${tree}.${base platform};
      table = module: optionTable tree (evaluate.${platform} [ module ]).options.${tree};
      theirs = table (builtins.elemAt pair 0);
      ours = table (builtins.elemAt pair 1);
    in
    builtins.concatMap (
      name:
      let
        # Another program is the point of it.
        known =
          row:
          if builtins.match "sops\\.(validationP|p)ackage" name == null then
            row
          else
            builtins.removeAttrs row [ "default" ];
      in
      compare "option ${name} (${platform})" (known theirs.${name}) (known (ours.${name} or { }))
    ) (builtins.attrNames theirs);
in
{
  options = builtins.concatLists (
    builtins.concatMap
      (
        tree:
        map (optionsOf tree) [
          "nixos"
          "darwin"
          "home"
        ]
      )
      [
        "age"
        "sops"
      ]
  );
  configurations = builtins.concatMap (
    case: check case false ++ (if case.tree == "sops" then check case true else [ ])
  ) configurations;
  count = builtins.length configurations;
}
