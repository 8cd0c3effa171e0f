folder: { "from-path.age".publicKeys = [ (import (folder + "/key.nix")) ]; }
