let keys = keys ++ [ "x" ]; in { a = keys; }
