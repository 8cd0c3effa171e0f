let
  alice = builtins.readFile ./keys/alice.pub;
  team = builtins.readFile ./keys/team.pub;
in
{
  "a.age".publicKeys = [ alice ];
  "b.age".publicKeys = [ alice team ];
  "c.age".publicKeys = [ (builtins.readFile (./keys + "/${"alice"}.pub")) ];
}
