#!/usr/bin/env bash
# hook-test.bash PGP-HOOK IMPORT-HOOK: tries both shell hooks with keys that are made for it.
set -euo pipefail
pgp_hook=$(realpath "$1") import_hook=$(realpath "$2")

folder=$(mktemp -d)
trap 'gpgconf --homedir "$folder/ring" --kill all 2>/dev/null || true
      gpgconf --homedir "$folder/home" --kill all 2>/dev/null || true
      gpgconf --homedir "$folder/project/.git/gnupg" --kill all 2>/dev/null || true
      rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p -m 700 ring home
mkdir keys project

fail() {
  echo "hook-test: $*" >&2
  exit 1
}

# make NAME FILE [--armor]: a key with a subkey, exported; prints its fingerprint.
make() {
  gpg --homedir ring --batch --quiet --passphrase "" --pinentry-mode loopback \
    --quick-generate-key "$1 <$1@example.org>" rsa2048 cert,sign never 2>/dev/null
  local fingerprint
  fingerprint=$(gpg --homedir ring --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" { print $10; exit }')
  gpg --homedir ring --batch --quiet --passphrase "" --pinentry-mode loopback \
    --quick-add-key "$fingerprint" rsa2048 encr never
  gpg --homedir ring "${@:3}" --export "$1" >"$2"
  echo "$fingerprint"
}
listed=$(make listed listed.gpg)
binary=$(make binary keys/binary.gpg)
armored=$(make armored keys/armored.asc --armor)
subkey=$(gpg --homedir ring --with-colons --list-keys armored | awk -F: '$1 == "fpr" { last = $10 } END { print last }')

# enter HOOK: what its shell would have, one variable a line; the rest goes to the file `errors`.
enter() {
  sed "s|@gpg@|gpg|g" "$1" >hook.bash
  # What a user's shell.nix sets, and a hook that was there before.
  (
    cd project
    sopsPGPKeys="../listed.gpg ../missing.gpg"
    sopsPGPKeyDirs="../keys"
    shellHook="earlier=yes"
    # shellcheck disable=SC1091
    source ../hook.bash
    eval "$shellHook"
    echo "earlier=$earlier"
    echo "SOPS_PGP_FP=${SOPS_PGP_FP-}"
    echo "GNUPGHOME=$GNUPGHOME"
    gpg --list-keys --with-colons
  ) 2>errors
}

export GNUPGHOME=$folder/home
seen=$(enter "$pgp_hook")
for key in "$listed" "$binary" "$armored"; do
  [[ $(grep ^SOPS_PGP_FP <<<"$seen") == *"$key"* ]] || fail "$key is not in SOPS_PGP_FP"
done
[[ $(grep ^SOPS_PGP_FP <<<"$seen") != *"$subkey"* ]] || fail "the subkey is in SOPS_PGP_FP"
grep -q "^earlier=yes" <<<"$seen" || fail "the hook of before is lost"
grep -q "missing.gpg does not exists" errors || fail "a missing file is not told"

export sopsCreateGPGHome=1
seen=$(enter "$import_hook")
grep -q "^GNUPGHOME=$folder/project/.git/gnupg" <<<"$seen" || fail "no key ring of the project"
[[ $(stat -c %a project/.git/gnupg) == 700 ]] || fail "the key ring is open"
for key in "$listed" "$binary" "$armored"; do
  grep -q "$key" <<<"$seen" || fail "$key was not imported"
done
grep -q "missing.gpg does not exists" errors || fail "a missing file is not told"
echo "hook-test: both hooks work"
