# What a home installs: one run for both trees, unless they cannot be in one.
text:
let
  inherit (text) optionals;
  trees = import ./trees.nix text;
  runs = import ./runs.nix text;
in
{
  # Values of options, or null where a tree is not imported.
  age,
  sops,
  nixseal,
  # Makes a path of the manifest from one of agenix's options, which may have expressions of a shell.
  place,
}:
let
  ageOn = age != null && (age.secrets != { } || age.templates != { });
  sopsOn = sops != null && (sops.secrets != { } || (sops.templates != { } && ageOn));
  foreign = sopsOn && !(sops.package ? nixseal);
  apart =
    foreign
    || (
      ageOn
      && sopsOn
      && runs.entangled {
        inherit age;
        sopsKeys = runs.sopsKeys sops;
        folders = [ sops.defaultSymlinkPath ];
      }
    );
  joined = ageOn && sopsOn && !apart;

  ageTree = trees.age {
    cfg = age;
    fileSystem = "none";
    inherit place;
  };
  sopsTree = trees.sops {
    cfg = sops;
    mountPoint = sops.defaultSecretsMountPoint;
    link = sops.defaultSymlinkPath;
    fileSystem = "none";
  };

  run = runs.make {
    ageKeys = if ageOn then trees.ageIdentities age else null;
    sopsKeys = if sopsOn && !foreign then trees.sopsIdentities sops else null;
    log = if sops == null then null else sops.log;
    policy = {
      inherit (nixseal) onFailure;
      userMode = true;
    };
  };
  all = tree: tree.secrets ++ tree.templates;
  ageFolder = if joined then nixseal.credentialsDirectory else "${nixseal.credentialsDirectory}-age";
in
{
  inherit
    ageOn
    sopsOn
    foreign
    apart
    joined
    ;
  engine = if sopsOn && !foreign then sops.package.nixseal else nixseal.package;

  ageRun = run {
    installed = [ ageTree ];
    others = optionals (sopsOn && !foreign) sopsTree.secrets;
    folder = ageFolder;
  };
  sopsRun = run {
    installed = optionals joined [ ageTree ] ++ [ sopsTree ];
    others = optionals (ageOn && !joined) ageTree.secrets;
    folder = nixseal.credentialsDirectory;
  };

  ageEntries = optionals ageOn (all ageTree);
  ageFolders = optionals ageOn [
    ageTree.link
    ageTree.mountPoint
  ];
  entries = optionals ageOn (all ageTree) ++ optionals sopsOn (all sopsTree);
  credentialPlaces = [
    {
      folder = ageFolder;
      entries = optionals ageOn (all ageTree);
    }
    {
      folder = nixseal.credentialsDirectory;
      entries = optionals (sopsOn && !foreign) (all sopsTree);
    }
  ];
}
