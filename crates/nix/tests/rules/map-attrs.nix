let
  admin = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  secrets = {
    "wifi.age" = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE" ];
    "mail.age" = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6" "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHGWBrndjLsA7Q7ubYR2xa62kv/E/0asjHGtP+bKXpO" ];
    "empty.age" = [ ];
  };
in
builtins.mapAttrs (name: hosts: { publicKeys = [ admin ] ++ hosts; }) secrets
