let f = { a }: a; in { x = f { a = 1; b = 2; }; }
