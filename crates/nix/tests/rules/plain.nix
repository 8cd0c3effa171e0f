let
  alice = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE";
  laptop = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6";
in
{
  "wifi.age".publicKeys = [
    alice
    laptop
  ];
  "mail.age".publicKeys = [ alice ];
}
