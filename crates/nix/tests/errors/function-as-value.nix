{ "a.age" = { publicKeys = [ ]; f = x: x; }; }
