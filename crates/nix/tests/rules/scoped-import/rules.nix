{ "a.age".publicKeys = map (throw "never") [ alice ]; }
