let
  hosts = {
    web = { key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE"; extra = [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ]; };
    db = { key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6"; };
  };
  keys = host: [ host.key ] ++ host.extra or [ ];
in
{
  "web.age".publicKeys = keys hosts.web;
  "db.age".publicKeys = keys hosts.db;
  "missing.age".publicKeys = keys (hosts.mail or { key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; });
  "deep.age".publicKeys = [ (hosts.web.users.alice.key or hosts.db.key) ];
}
