let
  key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
in
{
  "geheim/größe.age".publicKeys = [ key ];
  "秘密.age".publicKeys = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE jörg@büro" ];
  "emoji-🔑.age" = { publicKeys = [ key ]; note = "naïve “quotes” …"; };
}
