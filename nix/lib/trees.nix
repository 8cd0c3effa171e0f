# The trees of a manifest and the keys that open them, from the options of each.
text:
let
  inherit (text)
    filterAttrs
    hostPath
    mapToList
    optional
    ;
  entries = import ./entries.nix text;

  # In their order; few, and they may have context, which names of attributes cannot.
  unique = builtins.foldl' (
    found: value: if builtins.elem value found then found else found ++ [ value ]
  ) [ ];

  # `place` makes a path of the manifest from one of the options.
  placed = place: entry: entry // { path = place entry.path; };

  keys = cfg: {
    ageKeyFiles = map hostPath (optional (cfg.age.keyFile != null) cfg.age.keyFile);
    sshKeys = map hostPath (cfg.age.sshKeyPaths ++ cfg.gnupg.sshKeyPaths);
    gnupgHome = cfg.gnupg.home;
  };
in
{
  age =
    {
      cfg,
      fileSystem,
      place ? (path: path),
    }:
    {
      name = "age";
      layout = "agenix";
      mountPoint = place cfg.secretsMountPoint;
      link = place (toString cfg.secretsDir);
      inherit fileSystem;
      keepGenerations = 1;
      secrets = mapToList (name: item: placed place (entries.ageSecret cfg name item)) cfg.secrets;
      templates = mapToList (name: item: placed place (entries.ageTemplate name item)) cfg.templates;
    };

  sops =
    {
      cfg,
      name ? "sops",
      secrets ? cfg.secrets,
      templates ? cfg.templates,
      mountPoint,
      link,
      fileSystem,
    }:
    {
      inherit
        name
        mountPoint
        link
        fileSystem
        ;
      layout = "sops-nix";
      inherit (cfg) keepGenerations;
      secrets = mapToList (
        name: item:
        entries.sopsSecret cfg (
          if cfg.placeholder ? ${name} then toString cfg.placeholder.${name} else null
        ) name item
      ) secrets;
      templates = mapToList entries.sopsTemplate templates;
    };

  ageIdentities = cfg: {
    files = map hostPath cfg.identityPaths;
    ageKeyFiles = map hostPath (optional (cfg.keyFile != null) cfg.keyFile);
  };
  sopsIdentities = keys;

  # Of both trees: what opens one may open the other.
  identities =
    all:
    let
      gather = field: unique (builtins.concatMap (each: each.${field} or [ ]) all);
      homes = builtins.filter (home: home != null) (map (each: each.gnupgHome or null) all);
    in
    {
      files = gather "files";
      ageKeyFiles = gather "ageKeyFiles";
      sshKeys = gather "sshKeys";
    }
    // (if homes == [ ] then { } else { gnupgHome = builtins.head homes; });

  logging = log: {
    keyImport = builtins.elem "keyImport" log;
    secretChanges = builtins.elem "secretChanges" log;
  };

  neededForUsers = filterAttrs (_: item: item.neededForUsers);
  afterUsers = filterAttrs (_: item: !item.neededForUsers);
}
