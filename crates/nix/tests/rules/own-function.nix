let
  admin = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  for = hosts: { publicKeys = [ admin ] ++ hosts; };
  web = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE";
  mk = name: keys: { name = "${name}.age"; value = for keys; };
in
{
  "a.age" = for [ web ];
  "b.age" = for [ ];
  ${(mk "c" [ ]).name} = (mk "c" [ web ]).value;
}
