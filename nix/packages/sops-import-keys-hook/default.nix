# A hook for `nix-shell` that imports OpenPGP keys. Variables: see docs/how-to/from-sops-nix.md.
{
  makeSetupHook,
  gnupg,
  sops,
}:
makeSetupHook {
  name = "sops-import-keys-hook";
  substitutions.gpg = "${gnupg}/bin/gpg";
  propagatedBuildInputs = [
    sops
    gnupg
  ];
} ./sops-import-keys-hook.bash
