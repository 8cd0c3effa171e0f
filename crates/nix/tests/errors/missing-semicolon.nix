let
  alice = "age1alice";
in
{
  "a.age".publicKeys = [ alice ]
  "b.age".publicKeys = [ alice ];
}
