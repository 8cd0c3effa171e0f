let
  count = 7 / 2 * 2 - -1;
  keys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er" ];
in
{
  "a.age" = {
    publicKeys = builtins.genList (builtins.elemAt keys) (if count >= 3 && count != 4 || false then 2 else 3);
    values = [ (1 + 2 * 3) (10 - 2 - 3) (- 5) (7 / 2) (-7 / 2) (1 < 2 == true) (!true -> false) ([ 1 ] ++ [ 2 ] ++ [ 3 ]) ];
    text = "a" + "b" + toString 1 + toString [ 1 [ ] "x" true null ];
    sets = { a = 1; } // { b = 2; } // { a = 3; };
    compare = [ ("a" < "b") ([ 1 2 ] < [ 1 3 ]) (1 <= 1.0) (2 == 2.0) ({ a = [ 1 ]; } == { a = [ 1.0 ]; }) ];
  };
}
