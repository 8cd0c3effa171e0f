# The option reference as Markdown, made from the modules themselves: `{ nixos, home, darwin }`.
let
  lib = import ../tests/lib;
  evaluate = import ../tests/evaluate.nix { inherit lib; };

  isOption = value: value._type or null == "option";
  hidden = option: !(option.visible or true) || option.internal or false;

  # Markdown of NixOS to Markdown of everybody, on one line.
  inline =
    text:
    builtins.replaceStrings
      [
        "{option}"
        "\n"
        "|"
      ]
      [
        ""
        " "
        "\\|"
      ]
      (trim text);
  trim =
    text:
    let
      inner = builtins.head (builtins.match "[[:space:]]*(.*[^[:space:]])?[[:space:]]*" text);
    in
    if inner == null then "" else inner;

  code = text: "`${text}`";
  default =
    option:
    if option ? defaultText then
      if builtins.isString option.defaultText then
        option.defaultText
      else if option.defaultText._type == "literalMD" then
        option.defaultText.text
      else
        code option.defaultText.text
    else if option ? default then
      code (builtins.toJSON option.default)
    else
      "";

  row =
    name: option:
    "| ${code name} | ${
      inline (option.type.description or "unspecified value")
    } | ${inline (default option)} | ${inline (option.description or "")} |";

  # Options one by one; those of what is in an attribute set come in a section of their own.
  walk =
    prefix: set:
    builtins.concatMap (
      name:
      let
        value = set.${name};
        path = prefix ++ [ name ];
      in
      if name == "_module" then
        [ ]
      else if !isOption value then
        walk path value
      else if hidden value then
        [ ]
      else
        [
          {
            inherit path;
            option = value;
          }
        ]
    ) (builtins.attrNames set);

  inner = option: builtins.removeAttrs (option.type.getSubOptions [ ]) [ "_module" ];
  dotted = builtins.concatStringsSep ".";

  section =
    title: found:
    [
      ""
      "## ${title}"
      ""
      "| option | type | default | meaning |"
      "|---|---|---|---|"
    ]
    ++ map (each: row (dotted each.path) each.option) found;

  tree =
    name: options:
    let
      found = walk [ name ] options.${name};
      nested = builtins.filter (each: inner each.option != { }) found;
    in
    section (code name) found
    ++ builtins.concatMap (
      each: section (code (dotted (each.path ++ [ "<name>" ]))) (walk [ ] (inner each.option))
    ) nested;

  page =
    title: intro: evaluated:
    builtins.concatStringsSep "\n" (
      [
        "# ${title}"
        ""
        "Made from the modules by `nix/docs/write-options`; do not edit."
        ""
        intro
      ]
      ++ tree "age" evaluated.options
      ++ tree "sops" evaluated.options
      ++ tree "nixseal" evaluated.options
      ++ [ "" ]
    );
in
{
  nixos =
    page "Options on NixOS"
      "`nixosModules.default` has all of them; `nixosModules.age` and `nixosModules.sops` have one tree and `nixseal`."
      (evaluate.nixos [ ../modules/nixos ]);
  home =
    page "Options of home-manager"
      "`homeManagerModules.default` has all of them; `homeManagerModules.age` and `homeManagerModules.sops` have one tree and `nixseal`."
      (evaluate.home [ ../modules/home ]);
  darwin =
    page "Options of nix-darwin"
      "`darwinModules.default` has all of them; `darwinModules.age` and `darwinModules.sops` have one tree and `nixseal`."
      (evaluate.darwin [ ../modules/darwin ]);
}
