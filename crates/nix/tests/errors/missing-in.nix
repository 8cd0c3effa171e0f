let
  a = 1;
{ }
