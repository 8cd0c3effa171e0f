let
  keys = import ./keys.nix;
in
{
  "a.age".publicKeys = [ keys.users.alice keys.hosts.web ];
  "b.age".publicKeys = [ (import ./keys.nix).users.bob ];
  "c.age".publicKeys = with import ./keys.nix; [ users.alice users.bob ];
}
