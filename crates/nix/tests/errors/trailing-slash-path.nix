{ a = ./keys/; }
