# Options of secrets and templates that neither agenix nor sops-nix has. All of them are neutral unless set.
{ lib, units }:
let
  inherit (lib) mkOption types;
  kit = import ./kit.nix { inherit lib; };
in
{
  optional = kit.flag false ''
    Whether the system may do without it: a failure is reported, but the run does not fail because of it.
  '';
  onFailure = mkOption {
    type = types.nullOr (
      types.enum [
        "keep"
        "abort"
      ]
    );
    default = null;
    description = ''
      What to do when it cannot be installed: `keep` leaves its previous value and installs the others, `abort` installs
      nothing at all. Null means {option}`nixseal.onFailure`.
    '';
  };
}
// (
  if units then
    {
      credentials = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "web.service:token" ];
        description = ''
          Services that receive it by `LoadCredential=`, which works with `DynamicUser=`. After a colon stands the name of
          the credential; without one it is the name of the secret, with `_` for `/`.
        '';
      };
    }
  else
    { }
)
