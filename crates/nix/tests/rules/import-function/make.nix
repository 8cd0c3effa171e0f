{ admin, names, extra ? [ ], ... }@args:
builtins.listToAttrs (map (name: {
  name = "${name}.age";
  value = { publicKeys = [ admin ] ++ extra; given = builtins.attrNames args; };
}) names)
