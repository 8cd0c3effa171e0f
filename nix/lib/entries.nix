# From the values of options to the entries of a manifest (docs/reference/manifest.md).
text:
let
  inherit (text)
    attribute
    hasSuffix
    inStore
    removeSuffix
    withoutNulls
    ;

  asList =
    value:
    if value == null then
      [ ]
    else if builtins.isList value then
      value
    else
      [ value ];

  trimmed = key: builtins.head (builtins.match "[[:space:]]*(.*[^[:space:]])?[[:space:]]*" key);
  publicKeys = value: builtins.filter (key: key != null && key != "") (map trimmed (asList value));

  # What both kinds of secrets and templates have.
  common =
    option: item:
    withoutNulls {
      inherit option;
      inherit (item) name path mode;
      owner = item.owner or null;
      group = item.group or null;
      uid = item.uid or null;
      gid = item.gid or null;
      onFailure = item.onFailure;
      optional = item.optional;
      restartUnits = item.restartUnits or [ ];
      reloadUnits = item.reloadUnits or [ ];
      credentials = map (credential item.name) (item.credentials or [ ]);
    };

  # `unit` or `unit:name`: who gets it, and under which name.
  credential =
    secret: words:
    let
      parts = builtins.match "([^:]+)(:(.+))?" words;
      unit = if parts == null then words else builtins.head parts;
      name = if parts == null then null else builtins.elemAt parts 2;
    in
    {
      unit = if builtins.match ".*\\.[a-z]+" unit == null then "${unit}.service" else unit;
      name = if name == null then builtins.replaceStrings [ "/" ] [ "_" ] secret else name;
    };

  template =
    option: item:
    common option item
    // (if item.content != "" then { inherit (item) content; } else { file = "${item.file}"; });
in
{
  inherit credential publicKeys;

  ageOption = name: "age.secrets.${attribute name}";
  ageTemplateOption = name: "age.templates.${attribute name}";
  sopsOption = name: "sops.secrets.${attribute name}";
  sopsTemplateOption = name: "sops.templates.${attribute name}";

  # Both trees may have a secret of the same name, so this one's hash is of the whole option.
  agePlaceholder = name: "<SOPS:${builtins.hashString "sha256" "age.secrets.${name}"}:PLACEHOLDER>";
  sopsPlaceholder = name: "<SOPS:${builtins.hashString "sha256" name}:PLACEHOLDER>";

  ageSecret =
    cfg: name: item:
    withoutNulls (
      common "age.secrets.${attribute name}" item
      // {
        age.file = item.file;
        inherit (item) symlink;
        checkFile = inStore item.file;
        hostPublicKeys = publicKeys cfg.hostPublicKey;
        placeholder = if cfg.placeholder ? ${name} then toString cfg.placeholder.${name} else null;
      }
    );

  sopsSecret =
    cfg: placeholder: name: item:
    withoutNulls (
      common "sops.secrets.${attribute name}" item
      // {
        sops = {
          file = item.sopsFile;
          inherit (item) format key;
        };
        checkFile = cfg.validateSopsFiles;
        hostPublicKeys = publicKeys cfg.hostPublicKey;
        inherit placeholder;
      }
    );

  # In this layout a template is where a secret of its name would be: `rendered` is part of the name.
  ageTemplate =
    name: item:
    template "age.templates.${attribute name}" item // { name = "rendered/${item.name}"; };
  sopsTemplate = name: template "sops.templates.${attribute name}";

  # `web.service` in systemd's words is `web` in those of NixOS.
  serviceName = unit: if hasSuffix ".service" unit then removeSuffix ".service" unit else null;
}
