let k = "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er"; in {
  "text.age" = { publicKeys = [ k ]; armor = true; };
  "binary.age" = { publicKeys = [ k ]; armor = false; };
  "unsaid.age" = { publicKeys = [ k ]; };
  "computed.age" = { publicKeys = [ k ]; armor = 1 < 2 && !false; };
  "path.age".publicKeys = [ k ];
  "path.age".armor = true;
}
