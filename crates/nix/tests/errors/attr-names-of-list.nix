{ a = builtins.attrNames [ ]; }
