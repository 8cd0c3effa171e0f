# Hosts that are no recipients, as far as a lock tells.
{
  evaluate,
  view,
  fixtures,
  ...
}:
let
  inherit (evaluate) nixos darwin home;
  age = "age1mm9p9jd2d96ppvge6wr3g7q83s5tsrfjzs3wvg77nxtxm5uj0f7szgyghu";
  other = "age1cghd0jgj3jdx5nlfrhsx2dk4nu2ndx5fh0ktftw9p6d67pgra46qhydkfl";
  ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDa5c+HXQPyluGc3/VzYTqGHVLX89VuJW+MhnwzNE0Wx another comment";
  otherSsh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIR2SJSEYGCpZCSbJ9P0JrCGMWB6nQDqgWZzGUjTMdjR root@host";
  rsa = builtins.readFile (fixtures + "/locked/rsa.pub");
  quantum = builtins.readFile (fixtures + "/locked/pq.pub");

  failed =
    evaluate': modules: file: hostPublicKey:
    map (builtins.replaceStrings [ (toString fixtures) ] [ "FIXTURES" ]) (
      view.failed
        (evaluate' [
          modules
          {
            age.identityPaths = [ "/etc/key" ];
            age.secrets.wifi.file = fixtures + file;
            age.hostPublicKey = hostPublicKey;
          }
        ]).config
    );
  system = failed nixos ../../modules/nixos;
  locked = "/locked/secrets/wifi.age";
  refused = file: [
    ''age.secrets.wifi: this host cannot open "FIXTURES${file}": age.hostPublicKey is none of its recipients; add it to the rules and run `nixseal rekey`; if the recipient is an age key that is derived from the host's SSH key, name it in age.hostPublicKey, too''
  ];
in
{
  "recipients: keys of every kind" = {
    got = [
      (system locked age)
      (system locked ssh)
      (system "/locked/secrets/rsa.age" rsa)
      (system "/locked/secrets/quantum.age" quantum)
    ];
    want = [
      [ ]
      [ ]
      [ ]
      [ ]
    ];
  };
  "recipients: one of the host's keys is enough" = {
    got = system locked [
      other
      otherSsh
      "${age} "
    ];
    want = [ ];
  };
  "recipients: a host that is none" = {
    got = [
      (system locked other)
      (system locked otherSsh)
      (system locked rsa)
      (system locked quantum)
      (system "/locked/secrets/rsa.age" ssh)
      (system "/locked/secrets/quantum.age" age)
    ];
    want = [
      (refused locked)
      (refused locked)
      (refused locked)
      (refused locked)
      (refused "/locked/secrets/rsa.age")
      (refused "/locked/secrets/quantum.age")
    ];
  };
  "recipients: on macOS and in a home, too" = {
    got = [
      (failed darwin ../../modules/darwin locked other)
      (failed home ../../modules/home locked other)
    ];
    want = [
      (refused locked)
      (refused locked)
    ];
  };
  "recipients: a file that the lock does not know may be for anybody" = {
    got = [
      (system "/locked/secrets/changed.age" other)
      (system "/wifi.age" other)
    ];
    want = [
      [ ]
      [ ]
    ];
  };
}
