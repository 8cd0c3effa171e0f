# What cases about NixOS share: both trees, secrets of each, and one that users need.
{ evaluate, fixtures }:
rec {
  both = ../modules/nixos;
  config = modules: (evaluate.nixos modules).config;
  wifi = {
    age.identityPaths = [ "/etc/key" ];
    age.secrets.wifi.file = fixtures + "/wifi.age";
  };
  token = {
    sops.defaultSopsFile = fixtures + "/secrets.yaml";
    sops.age.keyFile = "/var/lib/key.txt";
    sops.secrets.token = { };
  };
  password.sops.secrets.password.neededForUsers = true;
  everything = [
    both
    wifi
    token
    password
  ];
}
