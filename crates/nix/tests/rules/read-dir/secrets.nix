let
  folder = ./keys;
  files = builtins.readDir folder;
  isKey = name: files.${name} == "regular" && builtins.match ".*\\.pub" name != null;
  names = builtins.filter isKey (builtins.attrNames files);
  keys = builtins.listToAttrs (map (file: {
    name = builtins.head (builtins.match "(.*)\\.pub" file);
    value = builtins.readFile "${toString folder}/${file}";
  }) names);
in
{
  "all.age".publicKeys = builtins.attrValues keys;
  "alice.age".publicKeys = [ keys.alice ];
  "kinds.age" = { publicKeys = [ keys.bob ]; inherit files; };
}
