{ a = builtins.nope 1; }
