let
  keys = rec {
    alice = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
    hosts = { inherit alice; web = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE"; };
  };
  inherit (keys) alice;
  inherit (keys.hosts) web;
  inherit (builtins) attrValues;
in
{
  "a.age".publicKeys = [ alice web ];
  "b.age" = { inherit (keys.hosts) web; publicKeys = attrValues keys.hosts; };
}
