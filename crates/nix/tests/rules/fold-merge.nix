let
  hosts = { web = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE"; db = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6"; };
  admin = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  perHost = name: { "${name}/root.age".publicKeys = [ admin hosts.${name} ]; };
in
builtins.foldl' (rules: name: rules // perHost name) { } (builtins.attrNames hosts)
