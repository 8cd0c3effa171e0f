# The older hook: imports OpenPGP keys, and lists them in SOPS_PGP_FP. Better: sops-import-keys-hook with a .sops.yaml.
{
  makeSetupHook,
  gnupg,
  sops,
}:
makeSetupHook {
  name = "sops-pgp-hook";
  substitutions.gpg = "${gnupg}/bin/gpg";
  propagatedBuildInputs = [
    sops
    gnupg
  ];
} ./sops-pgp-hook.bash
