# Activation scripts, by the names that agenix and sops-nix give them.
{
  lib,
  text,
  plan,
  unitsMakeUsers,
  lateUnit,
  ageText,
  ownText,
  earlyText,
  lateText,
  keyText,
  # The script that makes keys, where one is made.
  ageKey,
  sopsKey,
  # What marks a script that may run when an activation is only tried.
  dry,
  # A script's `deps` as configured in the end.
  waitsOf,
}:
let
  inherit (text) optional optionals;
  inherit (plan) joined;
  say = what: "[ -e /run/current-system ] || echo ${what}";
  unique = builtins.foldl' (
    found: name: if builtins.elem name found then found else found ++ [ name ]
  ) [ ];
  ageScripts = plan.ageOn && !unitsMakeUsers;
  earlyScript = plan.earlyOn && !unitsMakeUsers;
in
{
  agenixNewGeneration = lib.mkIf ageScripts {
    text = "";
    deps = [ "specialfs" ];
  };

  # Installs the secrets that users need, of both trees where they are joined.
  agenixInstall = lib.mkIf ageScripts (
    {
      text = ageText;
      deps = unique (
        [
          "agenixNewGeneration"
          "specialfs"
        ]
        ++ ageKey
        ++ optionals joined (sopsKey ++ waitsOf "setupSecretsForUsers")
      );
    }
    // (if joined then dry else { })
  );

  setupSecretsForUsers = lib.mkIf earlyScript (
    {
      text =
        if joined then
          ""
        else
          text.lines [
            (say "setting up secrets for users...")
            earlyText
            ""
          ];
      deps = [
        "specialfs"
      ]
      ++ sopsKey
      ++ optional (plan.ageOn && (joined || plan.apart)) "agenixInstall";
    }
    // dry
  );

  users.deps = lib.mkIf (ageScripts || earlyScript) (
    optional ageScripts "agenixInstall" ++ optional earlyScript "setupSecretsForUsers"
  );

  # Users and groups exist now.
  agenixChown = lib.mkIf ageScripts {
    text = ownText;
    deps = [
      "users"
      "groups"
    ];
  };

  # For scripts of others to wait for.
  agenix = lib.mkIf ageScripts {
    text = "";
    deps = [ "agenixChown" ];
  };

  setupSecrets = lib.mkIf (plan.lateOn && !lateUnit) (
    {
      text = text.lines [
        (say "setting up secrets...")
        lateText
        ""
      ];
      deps = [
        "specialfs"
        "users"
        "groups"
      ]
      ++ sopsKey;
    }
    // dry
  );

  generate-age-key = lib.mkIf (ageKey != [ ] || sopsKey != [ ]) {
    text = keyText;
    deps = [ ];
  };
}
