{ a = builtins.fromJSON "{ a: 1 }"; }
