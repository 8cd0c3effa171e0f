# Keys and encrypted files for one test, made when it is built: nothing of them is a secret.
{ pkgs }:
pkgs.runCommand "nixseal-test-secrets"
  {
    nativeBuildInputs = [
      pkgs.age
      pkgs.openssh
      pkgs.sops
      pkgs.mkpasswd
    ];
  }
  ''
    mkdir -p "$out"
    ssh-keygen -q -t ed25519 -N "" -C host -f "$out/host"
    age-keygen -o "$out/key.txt" 2>/dev/null
    host=$(cat "$out/host.pub")
    recipient=$(age-keygen -y "$out/key.txt")
    printf swordfish | age -r "$host" -o "$out/wifi.age"
    mkpasswd -m sha-512 open-sesame | tr -d '\n' | age -r "$host" -o "$out/password.age"
    printf 'token: tuna\npassword: %s\n' "$(mkpasswd -m sha-512 open-sesame)" >plain.yaml
    sops --encrypt --age "$recipient" plain.yaml >"$out/secrets.yaml"
  ''
