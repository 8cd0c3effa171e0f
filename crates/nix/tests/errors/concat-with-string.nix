let key = "x"; in { a = [ "y" ] ++ key; }
