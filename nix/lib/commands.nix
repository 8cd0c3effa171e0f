# The lines that run the program.
text:
let
  inherit (text) lines mapToList shellWord;
in
rec {
  # `export` lines around a call, in a shell of their own. Values stand in single quotes and are not escaped: that is how
  # sops-nix documents `sops.environment`, and configurations close the quote to substitute commands. A path is copied to the
  # store, as there.
  withEnvironment =
    environment: call:
    if environment == { } then
      call
    else
      lines (
        [
          "("
          "# shellcheck disable=SC2030,SC2031"
        ]
        ++ mapToList (name: value: "  export ${name}='${value}'") environment
        ++ [
          "  ${call}"
          ")"
        ]
      );

  activate =
    engine: flags: manifest:
    builtins.concatStringsSep " " ([ "${engine}/bin/nixseal activate" ] ++ flags ++ [ "${manifest}" ]);

  original =
    package: flags: manifest:
    builtins.concatStringsSep " " (
      [ "${package}/bin/sops-install-secrets" ] ++ flags ++ [ "${manifest}" ]
    );

  # Makes a key file unless there is one. `mkdir` and `dirname` may need a folder before them.
  generateKey =
    {
      engine,
      keyFile,
      coreutils ? "",
    }:
    let
      file = shellWord keyFile;
    in
    ''
      if [[ ! -f ${file} ]]; then
        echo generating machine-specific age key...
        ${coreutils}mkdir -p "$(${coreutils}dirname ${file})"
        ${engine}/bin/nixseal key new --output ${file}
      fi
    '';
}
