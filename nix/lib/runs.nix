# One run of the program: what it installs, the keys it needs for that, and what it is told besides.
text:
let
  inherit (text)
    below
    optional
    optionalAttrs
    optionals
    ;
  trees = import ./trees.nix text;
  manifests = import ./manifest.nix text;
in
{
  # `ageKeys`, `sopsKeys`: what opens each tree, or null where there is no such tree.
  make =
    {
      ageKeys,
      sopsKeys,
      log,
      policy,
    }:
    {
      installed,
      # Secrets of other runs, for templates of this one.
      others,
      # Where secrets are linked for services.
      folder ? null,
    }:
    let
      templates = builtins.any (tree: tree.templates != [ ]) installed;
      isAge = tree: tree.layout == "agenix";
      hasAge = builtins.any isAge installed;
      hasSops = builtins.any (tree: !isAge tree) installed;
    in
    manifests.manifest {
      trees = installed;
      others = optionals templates others;
      identities = trees.identities (
        optional (ageKeys != null && (hasAge || templates)) ageKeys
        ++ optional (sopsKeys != null && (hasSops || templates)) sopsKeys
      );
      policy =
        policy
        // optionalAttrs (folder != null) { credentialsDirectory = folder; }
        // optionalAttrs (hasSops && log != null) { logging = trees.logging log; };
    };

  # Are keys of the SOPS tree themselves age secrets, or is one of `folders` where a key of the age tree is?
  entangled =
    {
      age,
      sopsKeys,
      folders,
    }:
    let
      within = places: builtins.any (key: builtins.any (place: below place (toString key)) places);
      agePaths = [
        (toString age.secretsDir)
        age.secretsMountPoint
      ]
      ++ map (name: age.secrets.${name}.path) (builtins.attrNames age.secrets);
      ageKeys = age.identityPaths ++ optional (age.keyFile != null) age.keyFile;
    in
    within agePaths sopsKeys || within folders ageKeys;

  ageKeys = age: age.identityPaths ++ optional (age.keyFile != null) age.keyFile;
  sopsKeys =
    sops:
    optional (sops.gnupg.home != null) sops.gnupg.home
    ++ sops.gnupg.sshKeyPaths
    ++ optional (sops.age.keyFile != null) sops.age.keyFile
    ++ sops.age.sshKeyPaths;
}
