let
  hosts = {
    web = { key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE"; secrets = [ "tls" "env" ]; };
    db = { key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6"; secrets = [ "password" ]; };
    idle = { key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHGWBrndjLsA7Q7ubYR2xa62kv/E/0asjHGtP+bKXpO"; secrets = [ ]; };
  };
  admin = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  entries = host: map (secret: {
    name = "${host}/${secret}.age";
    value.publicKeys = [ admin hosts.${host}.key ];
  }) hosts.${host}.secrets;
in
builtins.listToAttrs (builtins.concatMap entries (builtins.attrNames hosts))
