# What tests look at, in few words.
{ lib }:
let
  plain = builtins.unsafeDiscardStringContext;

  # Calls of programs in a text: `nixseal activate --own manifest.json`, without folders and hashes.
  callsIn =
    text:
    builtins.concatMap
      (
        part:
        if builtins.isString part then
          [ ]
        else
          [
            (builtins.concatStringsSep " " (
              [
                (builtins.elemAt part 0)
              ]
              ++ builtins.filter (word: builtins.isString word && word != "") (
                builtins.split " " (builtins.elemAt part 1)
              )
              ++ [ (builtins.elemAt part 2) ]
            ))
          ]
      )
      (
        builtins.split "/bin/(nixseal activate|sops-install-secrets)([- a-z]*) ${builtins.storeDir}/[a-z0-9]{32}-([^ '\n]*)" (
          plain text
        )
      );
in
rec {
  inherit plain callsIn;

  # The text of a file that is to be built.
  manifest = file: builtins.fromJSON (plain file.text);
  manifests = config: builtins.mapAttrs (_: manifest) config.nixseal.manifests;

  # Secrets and templates of a manifest by their options.
  entries =
    value:
    builtins.listToAttrs (
      map (entry: {
        name = entry.option;
        value = entry;
      }) (builtins.concatMap (tree: tree.secrets ++ tree.templates) value.trees)
    );
  entriesOf =
    config:
    builtins.foldl' (all: value: all // entries value) { } (builtins.attrValues (manifests config));
  trees = value: map (tree: tree.name) value.trees;

  # Scripts in the order in which NixOS runs them, with what they call.
  order =
    config:
    builtins.filter (line: line != "") (
      builtins.filter builtins.isString (
        builtins.split "\n" (
          lib.textClosureMap
            (
              name: script:
              let
                calls = callsIn script.text;
              in
              if calls != [ ] then
                "${name}: ${builtins.concatStringsSep "; " calls}"
              else if
                script.text != ""
                || builtins.elem name [
                  "users"
                  "groups"
                ]
              then
                name
              else
                ""
            )
            (builtins.mapAttrs (_: script: script) config.system.activationScripts)
            (builtins.attrNames config.system.activationScripts)
        )
      )
    );

  failed =
    config: map (each: plain each.message) (builtins.filter (each: !each.assertion) config.assertions);
  complains =
    config: words:
    builtins.length (
      builtins.filter (
        message: builtins.match ".*${words}.*" (builtins.replaceStrings [ "\n" ] [ " " ] message) != null
      ) (failed config)
    ) == 1;

  unit = config: name: config.systemd.services.${name};
  # Units with what they call.
  units =
    config:
    builtins.mapAttrs (
      _: unit: builtins.concatMap callsIn (list (unit.serviceConfig.ExecStart or [ ]))
    ) config.systemd.services;
  list = value: if builtins.isList value then value else [ value ];

  throws = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
}
