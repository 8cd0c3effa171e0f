#!/usr/bin/env bash
# An age plugin for tests (C2SP age-plugin): wrapping a file key does nothing.
set -euo pipefail

# Reads one stanza: its words, and its body as one line.
stanza() {
  local line
  IFS= read -r line
  read -ra words <<<"${line#-> }"
  body=
  while IFS= read -r line; do
    body+=$line
    if [ ${#line} -lt 64 ]; then break; fi
  done
}

say() { printf -- '-> %s\n%s\n' "$1" "$2"; }

keys=()
case $1 in
--age-plugin=recipient-v1)
  while stanza; do
    case ${words[0]} in
    wrap-file-key) keys+=("$body") ;;
    done) break ;;
    esac
  done
  for index in "${!keys[@]}"; do
    say "recipient-stanza $index unencrypted" "${keys[index]}"
    stanza
  done
  ;;
--age-plugin=identity-v1)
  while stanza; do
    case ${words[0]} in
    recipient-stanza)
      if [ "${words[2]}" = unencrypted ]; then keys[words[1]]=$body; fi
      ;;
    done) break ;;
    esac
  done
  for index in "${!keys[@]}"; do
    say "file-key $index" "${keys[index]}"
    stanza
  done
  ;;
esac
say done ''
