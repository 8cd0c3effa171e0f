# What is wrong with a home, as far as evaluation can tell. The sentences about `sops` are those of sops-nix.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  nixseal = import ../../lib;
  inherit (nixseal) homePaths problems text;
  inherit (text) optional optionals;

  age = if options ? age.secrets then config.age else null;
  sops = if options ? sops.secrets then config.sops else null;
  place = homePaths.resolve {
    inherit (config.home) homeDirectory username;
    runtimeExpressions = optional pkgs.stdenv.hostPlatform.isDarwin (
      import ./runtime-folder.nix { inherit config pkgs; }
    );
  };
  plan = nixseal.home {
    inherit age sops place;
    nixseal = config.nixseal;
  };

  # Nobody but a shell could tell what they mean.
  expression = option: path: {
    assertion = !homePaths.isExpression path;
    message = ''${option}: "${path}" has an expression of a shell that nixseal does not know; of these it knows $HOME, $USER and $XDG_RUNTIME_DIR'';
  };
  gpg = sops.gnupg;
  split = gpg.qubes-split-gpg;
in
{
  key = "nixseal/home/assertions";
  config.warnings = optionals (sops != null) (problems.sopsKeyWithoutPlace sops);
  config.assertions =
    problems.entries plan.entries
    ++ map (entry: expression "${entry.option}.path" entry.path) plan.ageEntries
    ++ map (expression "age.secretsDir and age.secretsMountPoint") plan.ageFolders
    ++ optionals plan.foreign (problems.foreign sops)
    ++ optionals (sops != null && sops.secrets != { }) [
      {
        assertion =
          gpg.home != null
          || gpg.sshKeyPaths != [ ]
          || split.enable
          || sops.age.keyFile != null
          || sops.age.sshKeyPaths != [ ];
        message = "No key source configured for sops. Either set services.openssh.enable or set sops.age.keyFile or sops.gnupg.home or sops.gnupg.qubes-split-gpg.enable";
      }
      {
        assertion =
          !(gpg.home != null && gpg.sshKeyPaths != [ ])
          && !(gpg.home != null && split.enable)
          && !(gpg.sshKeyPaths != [ ] && split.enable);
        message = "Exactly one of sops.gnupg.home, sops.gnupg.qubes-split-gpg.enable and sops.gnupg.sshKeyPaths must be set";
      }
      {
        assertion = split.enable -> split.domain != null && split.domain != "";
        message = "sops.gnupg.qubes-split-gpg.domain is required when sops.gnupg.qubes-split-gpg.enable is set to true";
      }
    ];
}
