# The folder of a running user's files: a path when the number of the user is known, else an expression for a shell.
{ config, pkgs }:
if pkgs.stdenv.hostPlatform.isDarwin then
  "$(${pkgs.getconf}/bin/getconf DARWIN_USER_TEMP_DIR)"
else if config.nixseal.uid != null then
  "/run/user/${toString config.nixseal.uid}"
else
  "\${XDG_RUNTIME_DIR}"
