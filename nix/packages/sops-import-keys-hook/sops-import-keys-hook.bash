# Imports the keys in the files $sopsPGPKeys and below the folders $sopsPGPKeyDirs when a shell starts. With
# $sopsCreateGPGHome they go to a key ring of the project: $sopsGPGHome, or .git/gnupg.

sopsImportKeysHook() {
  local file folder

  if [[ -n ${sopsCreateGPGHome:-} ]]; then
    export GNUPGHOME=${sopsGPGHome:-$PWD/.git/gnupg}
    mkdir -p -m 700 "$GNUPGHOME"
  fi

  # Lists of paths: words on purpose.
  # shellcheck disable=SC2154,SC2086
  for file in ${sopsPGPKeys-}; do
    if [[ -f $file ]]; then
      @gpg@ --quiet --import "$file"
    else
      echo "$file does not exists" >&2
    fi
  done

  # shellcheck disable=SC2154,SC2086
  for folder in ${sopsPGPKeyDirs-}; do
    while IFS= read -r -d '' file; do
      @gpg@ --quiet --import "$file"
    done < <(find -L "$folder" -type f '(' -name '*.gpg' -o -name '*.asc' ')' -print0)
  done
}

shellHook="sopsImportKeysHook${shellHook:+;$shellHook}"
