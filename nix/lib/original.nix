# The manifest of sops-nix, field for field: for its own installer, and for whoever reads
# `system.build.sops-nix-manifest`.
text:
let
  inherit (text) attribute hostPath optional;
in
{
  # What is wrong with the files of secrets, in the words of sops-nix.
  fileProblems =
    secrets:
    builtins.concatMap (
      secret:
      optional (!builtins.pathExists secret.sopsFile)
        "Cannot find path '${toString secret.sopsFile}' set in sops.secrets.${attribute secret.name}.sopsFile\n"
      ++
        optional (!text.inStore secret.sopsFile)
          "'${toString secret.sopsFile}' is not in the Nix store. Either add it to the Nix store or set sops.validateSopsFiles to false"
    ) (builtins.attrValues secrets);

  failedFiles =
    problems:
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
