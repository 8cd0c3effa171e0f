# The manifests of a NixOS system as files.
{
  config,
  pkgs,
  plan,
  age,
  sops,
}:
let
  nixseal = import ../../lib;
  inherit (nixseal) files original;
  inherit (config.nixseal) check validationPackage;

  checked = secrets: file: if sops == null then file else original.checked sops secrets file;

  own =
    suffix: secrets: manifest:
    checked secrets (
      files.own {
        inherit pkgs manifest;
        name = "nixseal-manifest${suffix}.json";
        checker = if check.enable then validationPackage else null;
      }
    );

  originalFile =
    suffix: secrets: templates: places:
    checked secrets (
      files.original {
        inherit pkgs;
        name = "manifest${suffix}.json";
        checker = sops.validationPackage;
        validate = sops.validateSopsFiles;
        manifest = original.manifest {
          cfg = sops;
          inherit secrets templates;
          added = [
            "optional"
            "onFailure"
            "credentials"
          ];
          userMode = false;
          places = {
            secretsMountPoint = "/run/secrets${places}.d";
            symlinkPath = "/run/secrets${places}";
            inherit (sops) useTmpfs;
          };
        };
      }
    );
  withoutPhase = builtins.mapAttrs (_: template: builtins.removeAttrs template [ "neededForUsers" ]);
in
{
  ageRun = own "-for-users" (if plan.joined then plan.early else { }) plan.ageRun;
  earlyRun = own (if plan.ageOn then "-sops-for-users" else "-for-users") plan.early plan.earlyRun;
  lateRun = own "" plan.late plan.lateRun;
  originalEarly = originalFile "-for-users" plan.early { } "-for-users";
  originalLate = originalFile "" plan.late (withoutPhase sops.templates) "";
}
