with { a = 1; }; { x = a; y = b; }
