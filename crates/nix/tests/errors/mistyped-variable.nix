let allKeys = [ ]; in { a = allKey; }
