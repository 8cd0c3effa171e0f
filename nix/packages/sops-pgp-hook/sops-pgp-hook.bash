# Imports the keys in the files $sopsPGPKeys and below the folders $sopsPGPKeyDirs when a shell starts, and gives their
# fingerprints to sops in SOPS_PGP_FP.

_sopsAddKey() {
  local fingerprint
  @gpg@ --quiet --import "$1"
  # The first one is the key's own; those of subkeys follow.
  fingerprint=$(@gpg@ --with-colons --with-fingerprint --show-key "$1" | awk -F: '$1 == "fpr" { print $10; exit }')
  if [[ -n $fingerprint ]]; then
    export SOPS_PGP_FP="${SOPS_PGP_FP:+$SOPS_PGP_FP,}$fingerprint"
  fi
}

sopsPGPHook() {
  local file folder

  # Lists of paths: words on purpose.
  # shellcheck disable=SC2154,SC2086
  for file in ${sopsPGPKeys-}; do
    if [[ -f $file ]]; then
      _sopsAddKey "$file"
    else
      echo "$file does not exists" >&2
    fi
  done

  # shellcheck disable=SC2154,SC2086
  for folder in ${sopsPGPKeyDirs-}; do
    while IFS= read -r -d '' file; do
      _sopsAddKey "$file"
    done < <(find -L "$folder" -type f '(' -name '*.gpg' -o -name '*.asc' ')' -print0)
  done
}

shellHook="sopsPGPHook${shellHook:+;$shellHook}"
