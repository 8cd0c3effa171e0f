let
  users = { carol = "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er"; alice = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; bob = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; };
  systems = { web = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE"; db = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6"; };
  all = builtins.attrValues users ++ builtins.attrValues systems;
in
{
  "users.age".publicKeys = builtins.attrValues users;
  "all.age".publicKeys = all;
  "names.age" = { publicKeys = [ users.alice ]; about = builtins.attrNames systems; };
}
