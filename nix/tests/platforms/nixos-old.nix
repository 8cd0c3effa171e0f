# NixOS of some years ago: it knows neither systemd-sysusers nor userborn, nor how to only try an activation.
{ lib, pkgs, ... }@args:
let
  new = import ./nixos.nix args;
in
new
// {
  options = new.options // {
    services = builtins.removeAttrs new.options.services [ "userborn" ];
    systemd = builtins.removeAttrs new.options.systemd [ "sysusers" ];
    system = builtins.removeAttrs new.options.system [ "dryActivationScript" ];
  };
}
