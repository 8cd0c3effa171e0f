let
  key = "age1-AAAA-age1-AAAA";
  fixed = builtins.replaceStrings [ "age1-AAAA-age1-AAAA" ] [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ] key;
  dashed = name: builtins.replaceStrings [ "/" " " "" ] [ "-" "_" "" ] name;
in
{
  ${dashed "a/b c.age"}.publicKeys = [ fixed ];
  ${builtins.replaceStrings [ "" ] [ "." ] "xy"}.publicKeys = [ fixed ];
}
