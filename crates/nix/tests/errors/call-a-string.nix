let alice = "x"; in { a = [ (alice "y") ]; }
