let parts = { alice = import ./alice.nix; bob = import ./bob.nix; };
in parts // { all = builtins.attrValues parts; }
