let f = { a, b }: a; in { x = f { a = 1; }; }
