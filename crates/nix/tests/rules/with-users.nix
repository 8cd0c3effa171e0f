let
  users = {
    alice = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE";
    bob = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6";
  };
  hosts = {
    web = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHGWBrndjLsA7Q7ubYR2xa62kv/E/0asjHGtP+bKXpO";
    db = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF4Gt0/lxwE80fwiWfgRa+1NwRIyGxneFDh9VYahZ4Yg";
  };
in
with users;
with hosts;
{
  "web.age".publicKeys = [ alice web ];
  "db.age".publicKeys = [ alice bob db ];
}
