# What a NixOS system installs and when: which trees there are, which run installs what, and what each run needs.
#
# Before users exist: the age tree, and secrets that users are made from. When they exist: the other secrets. Each of the two
# is one manifest and one run of the program, unless the trees cannot be in one (see `apart`).
text:
let
  inherit (text) optional optionals;
  trees = import ./trees.nix text;
  runs = import ./runs.nix text;
in
{
  # Values of options, or null where a tree is not imported.
  age,
  sops,
  nixseal,
  # Packages, or folders with a `bin`, of an `age.ageBin` that somebody set, for its plugins.
  agePrograms ? [ ],
}:
let
  ageOn = age != null && (age.secrets != { } || age.templates != { });
  sopsSecrets = if sops == null then { } else sops.secrets;
  sopsTemplates = if sops == null then { } else sops.templates;
  sopsOn = sopsSecrets != { } || (sopsTemplates != { } && ageOn);

  early = trees.neededForUsers sopsSecrets;
  earlyTemplates = if sopsOn then trees.neededForUsers sopsTemplates else { };
  late = trees.afterUsers sopsSecrets;
  lateTemplates = if sopsOn then trees.afterUsers sopsTemplates else { };
  earlyOn = early != { } || earlyTemplates != { };
  lateOn = late != { } || lateTemplates != { };

  # sops-nix's own installer knows neither our manifest nor the other tree.
  foreign = sopsOn && !(sops.package ? nixseal);

  sopsKeys = runs.sopsKeys sops;
  # A key that is itself a secret of the other tree: that one must be installed before.
  apart =
    foreign
    || (
      ageOn
      && earlyOn
      && runs.entangled {
        inherit age sopsKeys;
        folders = [ "/run/secrets-for-users" ];
      }
    );
  joined = ageOn && earlyOn && !apart;

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
      fileSystem = if sops.useTmpfs then "tmpfs" else "ramfs";
    };
  earlyTree = sopsTree early earlyTemplates "-for-users";
  lateTree = sopsTree late lateTemplates "";

  run = runs.make {
    ageKeys = if ageOn then trees.ageIdentities age else null;
    sopsKeys = if sopsOn && !foreign then trees.sopsIdentities sops else null;
    log = if sops == null then null else sops.log;
    policy = { inherit (nixseal) onFailure; };
  };
  secretsOf = condition: tree: optionals condition tree.secrets;
  ageSecrets = secretsOf ageOn ageTree;
  earlySecrets = secretsOf (earlyOn && !foreign) earlyTree;
  lateSecrets = secretsOf (lateOn && !foreign) lateTree;

  agePlugins = optionals ageOn (agePrograms ++ age.plugins);
  sopsPlugins = optionals sopsOn sops.age.plugins;
  ageOpensSops = ageOn && sopsOn && !foreign && (joined || age.templates != { });
  sopsOpensAge = ageOn && sopsOn && !foreign && sopsTemplates != { };

  all = tree: tree.secrets ++ tree.templates;
  # A folder for each run: what a run does not know of, it takes away.
  ageFolder = "${nixseal.credentialsDirectory}-for-users";
  earlyFolder = if ageOn then "${ageFolder}-sops" else ageFolder;
  lateFolder = nixseal.credentialsDirectory;
in
{
  inherit
    ageOn
    sopsOn
    earlyOn
    lateOn
    early
    earlyTemplates
    late
    foreign
    apart
    joined
    sopsKeys
    ;
  ageKeys = runs.ageKeys age;
  engine = if sopsOn && !foreign then sops.package.nixseal else nixseal.package;

  # The run before users that has the age tree, and with it the other one when they are joined.
  ageRun = run {
    installed = [ ageTree ] ++ optional joined earlyTree;
    others = lateSecrets ++ optionals (!joined) earlySecrets;
    folder = ageFolder;
  };
  earlyRun = run {
    installed = [ earlyTree ];
    others = lateSecrets ++ ageSecrets;
    folder = earlyFolder;
  };
  lateRun = run {
    installed = [ lateTree ];
    others = ageSecrets ++ earlySecrets;
    folder = lateFolder;
  };

  # Everything that is installed, for complaints.
  entries =
    optionals ageOn (all ageTree)
    ++ optionals earlyOn (all earlyTree)
    ++ optionals lateOn (all lateTree);

  credentialPlaces = [
    {
      folder = ageFolder;
      entries = optionals ageOn (all ageTree) ++ optionals joined (all earlyTree);
    }
    {
      folder = earlyFolder;
      entries = optionals (earlyOn && !joined && !foreign) (all earlyTree);
    }
    {
      folder = lateFolder;
      entries = optionals (lateOn && !foreign) (all lateTree);
    }
  ];

  # Templates of a tree may need secrets of the other one opened.
  inherit ageOpensSops;
  plugins = {
    age = agePlugins ++ optionals ageOpensSops sopsPlugins;
    sops = sopsPlugins ++ optionals sopsOpensAge agePlugins;
    both = agePlugins ++ sopsPlugins;
  };
}
