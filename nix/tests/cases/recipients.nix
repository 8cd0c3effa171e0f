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
  ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIR2SJSEYGCpZCSbJ9P0JrCGMWB6nQDqgWZzGUjTMdjR root@host";

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
  refused = [
    ''age.secrets.wifi: this host cannot open "FIXTURES/locked/secrets/wifi.age": none of its recipients is age.hostPublicKey; add that to the rules and run `nixseal rekey`''
  ];
in
{
  "recipients: one of the host's keys is enough" = {
    got = [
      (system locked age)
      (system locked [
        other
        "${age} "
      ])
    ];
    want = [
      [ ]
      [ ]
    ];
  };
  "recipients: a host that is none" = {
    got = [
      (system locked other)
      (failed darwin ../../modules/darwin locked other)
      (failed home ../../modules/home locked other)
    ];
    want = [
      refused
      refused
      refused
    ];
  };
  "recipients: of SSH keys the build tells" = {
    got = [
      (system locked ssh)
      (system locked [
        other
        ssh
      ])
    ];
    want = [
      [ ]
      [ ]
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
