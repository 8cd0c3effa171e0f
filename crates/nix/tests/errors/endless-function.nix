let f = n: f (n + 1) + 1; in { a = f 0; }
