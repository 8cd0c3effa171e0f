# The lib of the tests: nixpkgs' own from the folder NIXPKGS_LIB, else the stand-in.
let
  folder = builtins.getEnv "NIXPKGS_LIB";
in
if folder == "" then
  import ./lib
else
  import (
    if builtins.pathExists (folder + "/lib/default.nix") then /. + folder + "/lib" else /. + folder
  )
