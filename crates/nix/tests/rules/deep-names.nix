let
  org = {
    people.alice.keys = { laptop = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; desk = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; };
    machines.rack1.web = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE";
  };
in
{
  "a.age".publicKeys = builtins.attrValues org.people.alice.keys ++ [ org.machines.rack1.web ];
}
