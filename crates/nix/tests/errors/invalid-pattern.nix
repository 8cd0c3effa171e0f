{ a = builtins.match "(a" "a"; }
