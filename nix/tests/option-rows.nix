# The options of a tree as lines: platform, option, type, default, and whether it is read-only or hidden. The default of an
# option of a secret or template is what one called `sample` has.
{ lib }:
let
  optionTable = import ./option-table.nix { inherit lib; };
  samples = {
    age =
      { lib, options, ... }:
      {
        age.secrets.sample.file = "/sample.age";
      };
    sops =
      { lib, options, ... }:
      {
        sops.secrets.sample = { };
        sops.defaultSopsFile = "/sample.yaml";
        sops.validateSopsFiles = false;
        sops.templates.sample = { };
      };
  };
  unknown = "?";

  # As one word of a line.
  show =
    value:
    if builtins.isString value then
      builtins.toJSON (builtins.unsafeDiscardStringContext value)
    else if builtins.isBool value || builtins.isInt value || value == null then
      builtins.toJSON value
    else if builtins.isList value then
      builtins.toJSON (map toString value)
    else if builtins.isAttrs value && value.type or null == "derivation" then
      "package ${value.pname or value.name}"
    else if value == { } then
      "{}"
    else
      unknown;
  attempt =
    value:
    let
      tried = builtins.tryEval (builtins.deepSeq (show value) (show value));
    in
    if tried.success then tried.value else unknown;

  at =
    set: path:
    builtins.foldl' (
      found: name: if builtins.isAttrs found && found ? ${name} then found.${name} else null
    ) set path;
in
tree: platform: evaluate: module:
let
  bare = evaluate [ module ];
  full = evaluate [
    module
    samples.${tree}
  ];
  table = optionTable tree bare.options.${tree};
  split = name: builtins.filter builtins.isString (builtins.split "[.]" name);
  line =
    name:
    let
      row = table.${name};
      path = split name;
      kind = builtins.elemAt path 1;
      inside =
        builtins.length path > 2
        && builtins.elem kind [
          "secrets"
          "templates"
        ];
      field = builtins.elemAt path 2;
      default =
        if inside then
          if
            builtins.elem field [
              "file"
              "sopsFile"
            ]
          then
            unknown
          else
            attempt (full.config.${tree}.${kind}.sample.${field} or null)
        else if row ? default then
          attempt (at bare.options path).default
        else
          "none";
    in
    builtins.concatStringsSep "\t" [
      platform
      name
      row.type
      (
        # Whose program it is says nothing.
        if builtins.match "sops[.](validationP|p)ackage" name == null then default else "package"
      )
      (
        if row.readOnly then
          "read-only"
        else if !row.visible then
          "hidden"
        else
          ""
      )
    ];
in
map line (builtins.attrNames table)
