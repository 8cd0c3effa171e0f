let
  users = { Alice = "age1alice"; };
  inherit (users) alice;
in
{ a = alice; }
