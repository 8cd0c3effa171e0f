#!/bin/sh
# Stands for systemctl where no systemd runs: notes what it was asked for in
# /run/systemctl.log, and knows the units named in /run/systemctl.units (all, when
# that is not there). It answers for an unknown one as systemctl does.
printf '%s\n' "$*" >>/run/systemctl.log

known() {
  test ! -e /run/systemctl.units || grep -qx "$1" /run/systemctl.units
}

verb=
for word; do
  case $word in
    -*) ;;
    *.*)
      if known "$word"; then
        state=loaded
      else
        state=not-found
        test "$verb" = show || {
          echo "Failed to $verb $word: Unit $word not found." >&2
          failed=5
        }
      fi
      # `systemctl show --property=LoadState --value`: a blank line between two.
      test "$verb" != show || printf '%s%s\n' "${lines:-}" "$state"
      lines='
'
      ;;
    *) verb=$word ;;
  esac
done
exit "${failed:-0}"
