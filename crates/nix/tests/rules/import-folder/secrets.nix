let keys = import ./keys; in {
  "x.age".publicKeys = [ keys.alice ] ++ keys.all;
}
