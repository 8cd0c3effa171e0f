# Makes an OpenPGP key for a host.
{
  lib,
  stdenv,
  makeWrapper,
  coreutils,
  gnupg,
  util-linux,
  unixtools,
}:
stdenv.mkDerivation {
  pname = "sops-init-gpg-key";
  version = "0.1.0";
  src = ./sops-init-gpg-key;
  dontUnpack = true;
  nativeBuildInputs = [ makeWrapper ];
  installPhase = ''
    install -D -m755 "$src" "$out/bin/sops-init-gpg-key"
    wrapProgram "$out/bin/sops-init-gpg-key" --prefix PATH : ${
      lib.makeBinPath [
        coreutils
        gnupg
        util-linux
        unixtools.hostname
      ]
    }
  '';
  doInstallCheck = true;
  installCheckPhase = ''
    $out/bin/sops-init-gpg-key --hostname server01 --gpghome "$TMPDIR/key"
  '';
  meta = {
    description = "Makes an OpenPGP key for a host";
    mainProgram = "sops-init-gpg-key";
  };
}
