# Adds what agenix and sops-nix add, and nixseal. The packages of age, sops and ssh-to-age in nixpkgs stay what they are.
final: prev:
let
  packages = import ./packages { pkgs = final; };
in
{
  inherit (packages) nixseal;
  inherit (packages.dropIns final.nixseal) agenix ragenix sops-install-secrets;
  inherit (packages.helpers) sops-import-keys-hook sops-init-gpg-key sops-pgp-hook;
}
// (if prev ? ssh-to-pgp then { inherit (prev) ssh-to-pgp; } else { })
