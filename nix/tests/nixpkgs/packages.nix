# What nixseal's packages are made with. Derivations are real; what is built of them needs only a shell, and has for the compiled
# program the one that the file `program` names.
{
  system,
  overlays ? [ ],
}:
let
  isDarwin = builtins.match ".*-darwin" system != null;
  platform = {
    inherit system isDarwin;
    isLinux = !isDarwin;
    canExecute = other: other.system == system;
  };

  lib = {
    removePrefix =
      prefix: text:
      let
        length = builtins.stringLength prefix;
      in
      if builtins.substring 0 length text == prefix then builtins.substring length (-1) text else text;
    concatMapStrings = f: list: builtins.concatStringsSep "" (map f list);
    optionalString = condition: text: if condition then text else "";
    makeBinPath = packages: builtins.concatStringsSep ":" (map (package: "${package}/bin") packages);
    licenses = {
      mit.spdxId = "MIT";
      asl20.spdxId = "Apache-2.0";
    };
    platforms.unix = [ system ];
  };

  # A derivation of everything that it is given, as mkDerivation makes one.
  make =
    attributes:
    let
      name = attributes.name or "${attributes.pname}-${attributes.version or "0"}";
      plain = builtins.removeAttrs attributes [
        "meta"
        "passthru"
        "cargoLock"
      ];
    in
    derivation (
      plain
      // {
        inherit name system;
        builder = "/bin/sh";
        args = [
          "-e"
          "-c"
          attributes.buildCommand or "exit 1"
        ];
        PATH = "/bin:/usr/bin";
      }
    )
    // attributes.passthru or { }
    // {
      inherit name;
      pname = attributes.pname or name;
      meta = attributes.meta or { };
      overrideAttrs = change: make (attributes // change attributes);
    };
  simple =
    name:
    make {
      inherit name;
      buildCommand = "mkdir \"$out\"";
    };

  # What a package is made of, by the names of its function's arguments.
  callPackage =
    file: arguments:
    let
      function = if builtins.isFunction file then file else import file;
      made = function (builtins.intersectAttrs (builtins.functionArgs function) final // arguments);
    in
    made // { override = more: callPackage function (arguments // more); };

  base = {
    inherit lib callPackage system;
    pkgs = final;
    stdenv = {
      buildPlatform = platform;
      hostPlatform = platform;
      inherit isDarwin;
      isLinux = !isDarwin;
      mkDerivation = make;
    };
    rustPlatform.buildRustPackage =
      attributes:
      make (
        attributes
        // {
          lock = builtins.readFile attributes.cargoLock.lockFile;
          buildCommand = ''
            mkdir -p "$out/bin"
            ln -s ${builtins.readFile ./program} "$out/bin/nixseal"
            installManPage() {
              mkdir -p "$out/share/man/man1"
              cp "$@" "$out/share/man/man1"
            }
            installShellCompletion() {
              mkdir -p "$out/share/completions"
              for word in "$@"; do
                case $word in
                  /*) cp "$word" "$out/share/completions" ;;
                esac
              done
            }
            ${attributes.postInstall}
          '';
        }
      );
    pkgsStatic = final;
    pkgsBuildHost = final;
    runtimeShell = "/bin/sh";
    runCommand =
      name: attributes: buildCommand:
      make (attributes // { inherit name buildCommand; });
    writeShellApplication =
      {
        name,
        text,
        runtimeInputs ? [ ],
      }:
      make {
        inherit name text runtimeInputs;
        meta.mainProgram = name;
      };
    makeSetupHook =
      {
        name,
        substitutions ? { },
        propagatedBuildInputs ? [ ],
      }:
      script:
      make (
        {
          inherit name script propagatedBuildInputs;
        }
        // substitutions
      );
    mkShell = attributes: make (attributes // { name = "shell"; });
    testers.runNixOSTest = test: make { inherit (test) name; };
    unixtools.hostname = simple "hostname";
  }
  // builtins.listToAttrs (
    map
      (name: {
        inherit name;
        value = simple name;
      })
      [
        "age"
        "cargo"
        "clippy"
        "coreutils"
        "findutils"
        "gawk"
        "gnugrep"
        "gnupg"
        "gnused"
        "go"
        "installShellFiles"
        "jq"
        "makeWrapper"
        "mkpasswd"
        "nixfmt-tree"
        "openssh"
        "rustc"
        "rustfmt"
        "sops"
        "ssh-to-pgp"
        "strace"
        "util-linux"
      ]
  );
  final = builtins.foldl' (set: overlay: set // overlay final set) base overlays;
in
final
