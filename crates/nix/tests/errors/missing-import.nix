let keys = import ./no-such-file.nix; in { a = keys; }
