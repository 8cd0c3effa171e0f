# The manifest of sops-nix, field for field: for its own installer, and for whoever reads
# `system.build.sops-nix-manifest`.
text:
let
  inherit (text)
    attribute
    hostPath
    mapToList
    optional
    ;
in
rec {
  # What is wrong with the files of secrets, in the words of sops-nix.
  fileProblems =
    secrets:
    builtins.concatLists (
      mapToList (
        name: secret:
        let
          option = "sops.secrets.${attribute name}.sopsFile";
          file = toString secret.sopsFile;
        in
        optional (!builtins.pathExists secret.sopsFile) "Cannot find path '${file}' set in ${option}\n"
        ++
          optional (!text.inStore secret.sopsFile)
            "'${file}' is not in the Nix store. Either add it to the Nix store or set sops.validateSopsFiles to false; it is set in ${option}"
      ) secrets
    );

  # `file` of these secrets, unless something is wrong with theirs.
  checked =
    cfg: secrets: file:
    let
      problems = if cfg.validateSopsFiles then fileProblems secrets else [ ];
    in
    if problems == [ ] then
      file
    else
      throw "\nFailed assertions:\n${
        builtins.concatStringsSep "\n" (map (problem: "- ${problem}") problems)
      }";

  # `added`: the options that sops-nix does not have; its manifest does not have them either.
  manifest =
    {
      cfg,
      secrets,
      templates,
      added,
      userMode,
      places,
    }:
    {
      secrets = map (secret: builtins.removeAttrs secret added) (builtins.attrValues secrets);
      templates = map (template: builtins.removeAttrs template added) (builtins.attrValues templates);
      keepGenerations = cfg.keepGenerations;
      gnupgHome = cfg.gnupg.home;
      sshKeyPaths = map hostPath cfg.gnupg.sshKeyPaths;
      ageKeyFile = if cfg.age.keyFile == null then null else hostPath cfg.age.keyFile;
      ageSshKeyPaths = map hostPath cfg.age.sshKeyPaths;
      placeholderBySecretName = cfg.placeholder;
      inherit userMode;
      logging = {
        keyImport = builtins.elem "keyImport" cfg.log;
        secretChanges = builtins.elem "secretChanges" cfg.log;
      };
    }
    // places;
}
