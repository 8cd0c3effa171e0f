let
  config = builtins.fromTOML (builtins.readFile ./keys.toml);
in
builtins.listToAttrs (map (secret: {
  name = secret.file;
  value = { publicKeys = map (name: config.keys.${name}) secret.readers; armor = secret.armor or false; };
}) config.secret)
