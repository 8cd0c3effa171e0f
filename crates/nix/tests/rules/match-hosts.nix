let
  hosts = { web-1 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE"; web-2 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6"; db-1 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHGWBrndjLsA7Q7ubYR2xa62kv/E/0asjHGtP+bKXpO"; };
  ofRole = role: builtins.filter (name: builtins.match "${role}-[0-9]+" name != null) (builtins.attrNames hosts);
  keysOf = role: map (name: hosts.${name}) (ofRole role);
in
{
  "web.age".publicKeys = keysOf "web";
  "db.age".publicKeys = keysOf "db";
  "nothing.age".publicKeys = keysOf "mail" ++ [ hosts."web-1" ];
}
