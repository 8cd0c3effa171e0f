let
  users = { alice = "age1alice"; };
in
{
  "a.age".publicKeys = [ users.alice users.bob ];
}
