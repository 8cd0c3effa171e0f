{
  "a.age".publicKeys = [ ];
  "b.age".publicKeys = [ ];
  "a.age".publicKeys = [ ];
}
