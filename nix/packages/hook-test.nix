# A program that tries both shell hooks in a folder of its own: keys in files and folders are imported, subkeys are not
# listed, a missing file is told.
{
  writeShellApplication,
  gnupg,
  gawk,
  findutils,
  gnused,
}:
writeShellApplication {
  name = "sops-pgp-hook.test";
  runtimeInputs = [
    gnupg
    gawk
    findutils
    gnused
  ];
  text = ''
    exec bash ${./hook-test.bash} ${./sops-pgp-hook/sops-pgp-hook.bash} ${./sops-import-keys-hook/sops-import-keys-hook.bash}
  '';
}
