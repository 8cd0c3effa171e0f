{ a = "x ${toString 1 "; }
