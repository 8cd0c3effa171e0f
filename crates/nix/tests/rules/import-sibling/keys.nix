{
  users = {
    alice = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
    bob = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc";
  };
  hosts.web = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE";
}
