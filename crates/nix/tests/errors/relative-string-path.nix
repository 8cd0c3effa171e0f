{ a = builtins.readFile "keys/alice.pub"; }
