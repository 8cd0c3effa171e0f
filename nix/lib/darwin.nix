# What a macOS system installs. Users exist from the start, so there is no run before them; what sops-nix calls
# `neededForUsers` has only a place of its own.
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
}:
let
  ageOn = age != null && (age.secrets != { } || age.templates != { });
  sopsSecrets = if sops == null then { } else sops.secrets;
  sopsTemplates = if sops == null then { } else sops.templates;
  sopsOn = sopsSecrets != { } || (sopsTemplates != { } && ageOn);

  early = trees.neededForUsers sopsSecrets;
  late = trees.afterUsers sopsSecrets;
  earlyOn = early != { };
  foreign = sopsOn && !(sops.package ? nixseal);
  joined =
    ageOn
    && sopsOn
    && !foreign
    && !(runs.entangled {
      inherit age;
      sopsKeys = runs.sopsKeys sops;
      folders = [
        "/run/secrets"
        "/run/secrets-for-users"
      ];
    });

  ageTree = trees.age {
    cfg = age;
    fileSystem = "ramfs";
  };
  sopsTree =
    secrets: templates: suffix:
    trees.sops {
      cfg = sops;
      name = "sops${suffix}";
      inherit secrets templates;
      mountPoint = "/run/secrets${suffix}.d";
      link = "/run/secrets${suffix}";
      fileSystem = "ramfs";
    };
  earlyTree = sopsTree early { } "-for-users";
  lateTree = sopsTree late (if sopsOn then sopsTemplates else { }) "";

  run = runs.make {
    ageKeys = if ageOn then trees.ageIdentities age else null;
    sopsKeys = if sopsOn && !foreign then trees.sopsIdentities sops else null;
    log = if sops == null then null else sops.log;
    policy = { inherit (nixseal) onFailure; };
  };
  secretsOf = condition: tree: optionals condition tree.secrets;
  ageSecrets = secretsOf ageOn ageTree;
  earlySecrets = secretsOf (earlyOn && !foreign) earlyTree;
  lateSecrets = secretsOf (sopsOn && !foreign) lateTree;
  all = tree: tree.secrets ++ tree.templates;
in
{
  inherit
    ageOn
    sopsOn
    earlyOn
    early
    late
    foreign
    joined
    ;
  engine = if sopsOn && !foreign then sops.package.nixseal else nixseal.package;

  ageRun = run {
    installed = [ ageTree ];
    others = lateSecrets ++ earlySecrets;
  };
  lateRun = run {
    installed = optionals joined [ ageTree ] ++ [ lateTree ];
    others = earlySecrets ++ optionals (!joined) ageSecrets;
  };
  earlyRun = run {
    installed = [ earlyTree ];
    others = [ ];
  };

  entries =
    optionals ageOn (all ageTree)
    ++ optionals earlyOn (all earlyTree)
    ++ optionals sopsOn (all lateTree);
}
