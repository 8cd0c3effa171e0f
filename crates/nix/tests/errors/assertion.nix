let keys = [ ]; in
assert builtins.length keys > 0;
{ a = keys; }
