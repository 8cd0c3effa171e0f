let
  root = ./.;
  key = builtins.readFile (root + "/keys" + "/a.pub");
  same = builtins.readFile ./keys/../keys/./a.pub;
  name = "a";
  interpolated = builtins.readFile ./keys/${name}.pub;
in
{
  "a.age".publicKeys = [ key ];
  "b.age".publicKeys = [ same interpolated ];
  ${baseNameOf ./keys/a.pub}.publicKeys = [ key ];
  ${baseNameOf (toString (dirOf ./keys/a.pub))}.publicKeys = [ key ];
  "exists.age" = {
    publicKeys = [ key ];
    there = builtins.pathExists ./keys/a.pub;
    missing = builtins.pathExists ./keys/b.pub;
    kind = builtins.typeOf ./keys;
    same = ./keys == ./keys/.;
    text = baseNameOf "${toString ./keys}/x/";
  };
}
