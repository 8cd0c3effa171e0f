{ a = map [ 1 ] (x: x); }
