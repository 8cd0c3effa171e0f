let
  # the user
  user = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  # the machine
  system = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHGWBrndjLsA7Q7ubYR2xa62kv/E/0asjHGtP+bKXpO root@nixos";
  allKeys = [ system user ];
in {
  "secrets/wifi.age".publicKeys = [ user system ];
  "secrets/all.age".publicKeys = allKeys;
}
