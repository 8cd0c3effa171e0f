{ a = builtins.readFile ./no-such-file; }
