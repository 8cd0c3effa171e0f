# Manifests as files that are checked when they are built.
text: {
  # One of nixseal: every encrypted file is looked at, without a key.
  own =
    {
      pkgs,
      name,
      checker,
      manifest,
    }:
    pkgs.writeTextFile (
      {
        inherit name;
        text = builtins.toJSON manifest;
      }
      // text.optionalAttrs (checker != null) {
        checkPhase = ''
          ${checker}/bin/nixseal activate --check "$out"
        '';
      }
    );

  # One of sops-nix.
  original =
    {
      pkgs,
      name,
      checker,
      validate,
      manifest,
    }:
    pkgs.writeTextFile {
      inherit name;
      text = builtins.toJSON manifest;
      checkPhase = ''
        ${checker}/bin/sops-install-secrets -check-mode=${
          if validate then "sopsfile" else "manifest"
        } "$out"
      '';
    };
}
