# What surrounds a configuration of the docs: the modules, and what every machine has.
platform:
{ config, lib, ... }:
{
  imports = [ (./.. + "/modules/${platform}") ];
}
// (
  if platform == "nixos" then
    {
      services.openssh.enable = lib.mkDefault true;
    }
  else
    { }
)
