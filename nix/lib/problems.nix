# What evaluation alone can tell about secrets and templates: assertions, each naming its option.
text:
let
  inherit (text)
    attribute
    hasPrefix
    mapToList
    optional
    optionals
    ;

  inherit (import ./entries.nix text) publicKeys;
  lock = import ./lock.nix text;

  octal = "[0-7]+";
  clause = "[ugoa]*([-+=]([rwxXst]*|[ugo]))+";
  symbolic = "${clause}(,${clause})*";
  isMode = mode: builtins.match octal mode != null || builtins.match symbolic mode != null;

  isNumber = name: builtins.match "[0-9]+" name != null;

  badMode = entry: {
    assertion = isMode entry.mode;
    message = ''${entry.option}.mode: "${entry.mode}" is no mode; write it in octal such as "0440", or as for chmod such as "u=r,g=r"'';
  };

  inStore = entry: {
    assertion = !hasPrefix "${builtins.storeDir}/" entry.path;
    message = ''${entry.option}.path: "${entry.path}" is in the Nix store, which everybody can read; choose a path outside of it'';
  };

  badCredential =
    entry:
    map (credential: {
      assertion =
        builtins.match "[a-zA-Z0-9:_.\\@-]+\\.service" credential.unit != null
        && builtins.match "[a-zA-Z0-9_.-]+" credential.name != null;
      message = ''${entry.option}.credentials: "${credential.unit}:${credential.name}" must be a service, and after a colon a name of letters, digits, ".", "_" and "-"'';
    }) entry.credentials;

  # Two things at one path: the last one would win, silently.
  samePath =
    entries:
    let
      byPath = builtins.groupBy (entry: entry.path) entries;
      shared = builtins.filter (path: builtins.length byPath.${path} > 1) (builtins.attrNames byPath);
    in
    map (path: {
      assertion = false;
      message = ''${
        builtins.concatStringsSep " and " (map (entry: entry.option) byPath.${path})
      } are installed at one path, "${path}"; give each its own `path` or `name`'';
    }) shared;

  missing =
    kind: known: entry: field:
    let
      name = entry.${field};
    in
    optional (entry ? ${field} && !isNumber name && !known name) {
      assertion = false;
      message = ''${entry.option}.${field}: no ${kind} "${name}" is declared in this configuration; declare it, or set nixseal.check.owners = false if it comes from elsewhere'';
    };

  # Only what evaluation can see without building anything.
  seesFile =
    file:
    let
      context = builtins.getContext file;
    in
    builtins.isPath file
    || (
      hasPrefix "${builtins.storeDir}/" (toString file)
      && builtins.all (name: context.${name}.path or false) (builtins.attrNames context)
    );
in
{
  inherit isMode seesFile;

  # Of every entry by itself.
  entries =
    all:
    builtins.concatMap (
      entry:
      [
        (badMode entry)
        (inStore entry)
      ]
      ++ badCredential entry
    ) all
    ++ samePath all;

  # Users and groups that this configuration does not have; `users` and `groups` are its attribute sets.
  owners =
    {
      users,
      groups,
    }:
    all:
    let
      names =
        set:
        builtins.listToAttrs (
          builtins.concatMap (
            name:
            map (key: {
              name = key;
              value = true;
            }) ([ name ] ++ optional (set.${name} ? name) set.${name}.name)
          ) (builtins.attrNames set)
        );
      userNames = names users // {
        root = true;
        nobody = true;
      };
      groupNames = names groups // {
        root = true;
        nogroup = true;
      };
    in
    builtins.concatMap (
      entry:
      missing "user" (name: userNames ? ${name}) entry "owner"
      ++ missing "group" (name: groupNames ? ${name}) entry "group"
    ) all;

  # Encrypted files that are not there.
  ageFiles =
    secrets:
    builtins.concatMap (
      name:
      let
        secret = secrets.${name};
      in
      optional (seesFile secret.file && !builtins.pathExists secret.file) {
        assertion = false;
        message = ''age.secrets.${text.attribute name}.file: "${toString secret.file}" does not exist; in a flake, `git add` it first'';
      }
    ) (builtins.attrNames secrets);

  # Many recipients are not in the files themselves. Where a lock tells them, this host must be one.
  ageRecipients =
    cfg:
    let
      hosts = map lock.recipient (publicKeys cfg.hostPublicKey);
      names = builtins.filter (
        name: seesFile cfg.secrets.${name}.file && builtins.pathExists cfg.secrets.${name}.file
      ) (builtins.attrNames cfg.secrets);
      recipients = lock.recipients (map (name: cfg.secrets.${name}.file) names);
    in
    optionals (hosts != [ ]) (
      builtins.concatMap (
        name:
        let
          file = cfg.secrets.${name}.file;
          known = recipients file;
        in
        optional (known != null && !builtins.any (key: builtins.elem key known) hosts) {
          assertion = false;
          message = ''age.secrets.${attribute name}: this host cannot open "${toString file}": age.hostPublicKey is none of its recipients; add it to the rules and run `nixseal rekey`; if the recipient is an age key that is derived from the host's SSH key, name it in age.hostPublicKey, too'';
        }
      ) names
    );

  # The sentences of sops-nix.
  sopsKeys = cfg: [
    {
      assertion =
        cfg.gnupg.home != null
        || cfg.gnupg.sshKeyPaths != [ ]
        || cfg.age.keyFile != null
        || cfg.age.sshKeyPaths != [ ];
      message = "No key source configured for sops. Either set services.openssh.enable or set sops.age.keyFile or sops.gnupg.home";
    }
    {
      assertion = !(cfg.gnupg.home != null && cfg.gnupg.sshKeyPaths != [ ]);
      message = "Exactly one of sops.gnupg.home and sops.gnupg.sshKeyPaths must be set";
    }
  ];

  # sops-nix evaluates this, and prints a key to the log.
  sopsKeyWithoutPlace =
    cfg:
    optional (cfg.secrets != { } && cfg.age.generateKey && cfg.age.keyFile == null)
      "sops.age.generateKey: there is no place for the key, so none is made; set sops.age.keyFile";

  sopsOwners =
    cfg:
    optionals cfg.validateSopsFiles (
      builtins.concatMap (secret: [
        {
          assertion = secret.uid != null && secret.uid != 0 -> secret.owner == null;
          message = "In ${secret.name} exactly one of sops.owner and sops.uid must be set";
        }
        {
          assertion = secret.gid != null && secret.gid != 0 -> secret.group == null;
          message = "In ${secret.name} exactly one of sops.group and sops.gid must be set";
        }
      ]) (builtins.attrValues cfg.secrets)
    );

  sopsTemplates =
    templates:
    mapToList (name: cfg: {
      assertion = !(cfg.owner != null && cfg.uid != 0);
      message = ''
        Assertion failed for `sops.templates.${name}`:
        Both `owner` and `uid` cannot be defined at the same time. Use either `owner` or leave `uid` as 0.
        owner: ${cfg.owner}
        uid: ${toString cfg.uid}
      '';
    }) templates
    ++ mapToList (name: cfg: {
      assertion = !(cfg.group != null && cfg.gid != 0);
      message = ''
        Assertion failed for `sops.templates.${name}`:
        Both `group` and `gid` cannot be defined at the same time. Use either `group` or leave `gid` as 0.
        owner: ${cfg.group}
        uid: ${toString cfg.gid}
      '';
    }) templates;

  # What is installed before users exist belongs to root. sops-nix ignores an `owner` there, so of secrets these are warnings.
  earlyOwners =
    option: items:
    mapToList (name: item: {
      assertion =
        builtins.elem item.owner [
          null
          "root"
        ]
        && builtins.elem item.group [
          null
          "root"
        ];
      message = "${option}.${attribute name}.neededForUsers: it is installed before users exist, so root must own it; leave its owner and group unset";
    }) items;

  # sops-nix's own installer cannot do what is new here.
  foreign =
    cfg:
    let
      new =
        option: name: item:
        map
          (field: {
            assertion = false;
            message = "${option}.${attribute name}.${field}: sops.package is not nixseal's, and sops-nix does not know this option; remove one of them";
          })
          (
            builtins.filter
              (
                field:
                item ? ${field}
                && !builtins.elem item.${field} [
                  null
                  false
                  [ ]
                ]
              )
              [
                "optional"
                "onFailure"
                "credentials"
              ]
            ++ optional (option == "sops.templates" && item.neededForUsers or false) "neededForUsers"
          );
    in
    builtins.concatLists (
      mapToList (new "sops.secrets") cfg.secrets ++ mapToList (new "sops.templates") cfg.templates
    );
}
