# A configuration as files that can be run: what NixOS makes of activation scripts and units, home-manager of its units, and
# nix-darwin of its daemons. Those of macOS run here as they are, except that the program does what it does on Linux.
{
  configuration,
  # Folder with `bin/nixseal` and its other names.
  nixseal,
  # nixos, home, darwin or homeDarwin
  platform ? "nixos",
}:
let
  lib = import ./lib.nix;
  packages =
    system:
    import ./platforms/pkgs.nix {
      inherit lib nixseal system;
      programs = "/usr";
    };
  pkgs = packages "x86_64-linux";
  macPackages = packages "aarch64-darwin";
  text = import ../lib/text.nix;
  inherit (text) lines mapToList shellWord;
  evaluated = (import ./evaluate.nix { inherit lib pkgs macPackages; }).${platform} [
    (../modules + "/${if platform == "homeDarwin" then "home" else platform}")
    configuration
  ];
  failed = builtins.filter (each: !each.assertion) evaluated.config.assertions;
  config =
    if failed == [ ] then
      evaluated.config
    else
      throw "\nFailed assertions:\n${lines (map (each: "- ${each.message}") failed)}";

  # All scripts, or those that may run when an activation is only tried, as NixOS puts them together.
  activation =
    name: wanted:
    let
      scripts = builtins.mapAttrs (
        _: script:
        script // { deps = builtins.filter (dep: wanted config.system.activationScripts.${dep}) script.deps; }
      ) (text.filterAttrs (_: wanted) config.system.activationScripts);
    in
    pkgs.writeShellScript name ''
      _status=0
      trap "_status=1 _localstatus=\$?" ERR
      umask 0022
      ${
        (import ./lib).textClosureMap (script: value: ''
          #### Activation script snippet ${script}:
          _localstatus=0
          ${value.text}
          if (( _localstatus > 0 )); then
            printf "Activation script snippet '%s' failed (%s)\n" "${script}" "$_localstatus"
          fi
        '') scripts (builtins.attrNames scripts)
      }
      exit $_status
    '';

  list = value: if builtins.isList value then value else [ value ];
  unitFile =
    name: unit:
    pkgs.writeText "${name}.service" (
      lines (
        [ "[Unit]" ]
        ++ text.optional (unit.description != "") "Description=${unit.description}"
        ++ each "After" unit.after
        ++ each "Before" unit.before
        ++ each "Wants" unit.wants
        ++ each "PartOf" unit.partOf
        ++ each "Requires" unit.requires
        ++ settings unit.unitConfig
        ++ [
          ""
          "[Service]"
          ''Environment="PATH=${text.binPath unit.path}:/usr/bin:/bin"''
        ]
        ++ mapToList (variable: value: ''Environment="${variable}=${value}"'') unit.environment
        ++ settings unit.serviceConfig
        ++ [
          ""
          "[Install]"
        ]
        ++ each "WantedBy" unit.wantedBy
        ++ each "RequiredBy" unit.requiredBy
        ++ [ "" ]
      )
    );
  each = key: values: map (value: "${key}=${value}") values;
  settings =
    set:
    builtins.concatLists (
      mapToList (
        key: value:
        map (one: "${key}=${if builtins.isBool one then (if one then "yes" else "no") else toString one}") (
          list value
        )
      ) set
    );
  unitScript =
    name: unit:
    pkgs.writeShellScript name (
      lines (
        mapToList (variable: value: "export ${variable}=${shellWord value}") unit.environment
        ++ [
          "export PATH=${text.binPath unit.path}:$PATH"
          unit.preStart
        ]
        ++ map toString (list unit.serviceConfig.ExecStart)
      )
    );
  started = text.filterAttrs (_: unit: unit.serviceConfig ? ExecStart) config.systemd.services;

  homeUnit =
    name: unit:
    pkgs.writeShellScript name ''
      ${if unit.Service ? Environment then "export ${unit.Service.Environment}" else ""}
      exec ${unit.Service.ExecStart}
    '';

  daemon =
    name: daemon:
    pkgs.writeShellScript name (if daemon.script != "" then daemon.script else daemon.command);
  agent =
    name: agent:
    pkgs.writeShellScript name "exec ${
      toString (agent.config.ProgramArguments or agent.config.Program)
    }";

  files = {
    home = builtins.mapAttrs homeUnit config.systemd.user.services;
    homeDarwin = builtins.mapAttrs agent config.launchd.agents;
    darwin =
      builtins.mapAttrs daemon config.launchd.daemons
      // builtins.mapAttrs (
        name: script: pkgs.writeShellScript name script.text
      ) config.system.activationScripts;
    nixos =
      {
        activate = activation "activate" (_: true);
        dry-activate = activation "dry-activate" (script: script.supportsDryActivation);
        nixseal-manifest = config.nixseal.manifests.regular or config.nixseal.manifests.age;
      }
      // rename "units/" ".service" (builtins.mapAttrs unitFile config.systemd.services)
      // rename "units/" ".run" (builtins.mapAttrs unitScript started);
  };
  rename =
    before: after: set:
    builtins.listToAttrs (
      mapToList (name: value: {
        name = "${before}${name}${after}";
        inherit value;
      }) set
    );
in
pkgs.build "machine" (
  lines (
    [ ''mkdir -p "$out/units"'' ]
    ++ mapToList (name: file: ''ln -s ${file} "$out/${name}"'') files.${platform}
  )
) { }
