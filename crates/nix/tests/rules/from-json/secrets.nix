let
  keys = builtins.fromJSON (builtins.readFile ./keys.json);
in
builtins.mapAttrs (name: users: { publicKeys = map (user: keys.users.${user}) users; }) keys.secrets
