let
  key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  newer = builtins.compareVersions "2.10" "2.9" == 1;
in
{
  "a.age" = {
    publicKeys = if newer then [ key ] else [ ];
    parts = builtins.splitVersion "1.2.3pre-4";
    name = builtins.parseDrvName "age-1.2.0";
    recent = builtins.compareVersions builtins.nixVersion "2.3" >= 0;
    system = builtins.typeOf builtins.currentSystem;
  };
}
