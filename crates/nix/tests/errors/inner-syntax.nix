{ a = import ./inner-syntax-part; }
