let
  alice = "age1alice"
  bob = "age1bob";
in
{ }
