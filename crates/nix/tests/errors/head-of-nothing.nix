{ a = builtins.head [ ]; }
