{ a = map x: x [ ]; }
