# Stand-ins for packages: sets that look like packages and whose files are below folders that a test can fill, and real
# builders for the files that modules write.
{
  # Folder with `bin/nixseal` and the other names.
  nixseal ? "/nixseal",
  system ? "x86_64-linux",
  # Where things are built and run.
  builder ? builtins.currentSystem,
  lib ? { },
  # Folder of programs of the system: one for each package, or `/usr` for all of them.
  programs ? "/programs",
}:
let
  isDarwin = builtins.match ".*-darwin" system != null;
  platform = {
    inherit system isDarwin;
    isLinux = !isDarwin;
  };
  fakeAt = outPath: name: {
    type = "derivation";
    inherit name outPath;
    pname = name;
    outputName = "out";
    meta.mainProgram = name;
    drvPath = "/no-such-derivation";
    inherit system;
  };
  fake = name: fakeAt (if programs == "/usr" then programs else "${programs}/${name}") name;

  # A derivation that needs nothing but a shell.
  build =
    name: script: attributes:
    derivation (
      attributes
      // {
        inherit name script;
        system = builder;
        builder = "/bin/sh";
        args = [
          "-e"
          "-c"
          ''. "$scriptPath"''
        ];
        passAsFile = [ "script" ] ++ attributes.passAsFile or [ ];
        PATH = "/bin:/usr/bin";
      }
    );
  self = rec {
    inherit fake build;
    stdenv = {
      buildPlatform = platform;
      hostPlatform = platform;
      inherit isDarwin;
      isLinux = !isDarwin;
    };
    age = fake "age";
    gnupg = fake "gnupg";
    coreutils = fake "coreutils";
    gnugrep = fake "gnugrep";
    getconf = fake "getconf";
    mount = fake "mount";
    nix = fake "nix";

    # The program under test stands for whatever would have to be compiled.
    callPackage =
      file: arguments:
      let
        function = if builtins.isFunction file then file else import file;
        here = self // {
          inherit lib;
        };
      in
      if builtins.isPath file && baseNameOf file == "package.nix" then
        fakeAt nixseal "nixseal"
      else
        function (builtins.intersectAttrs (builtins.functionArgs function) here // arguments);
    runtimeShell = "/bin/sh";
    runCommand =
      name: attributes: _:
      fakeAt nixseal name // attributes.passthru or { };

    writeTextFile =
      {
        name,
        text,
        checkPhase ? "",
        executable ? false,
      }:
      build name
        ''
          if [ -n "$executable" ]; then cp "$textPath" "$out"; chmod +x "$out"; else cp "$textPath" "$out"; fi
          eval "$checkPhase"
        ''
        {
          inherit text checkPhase executable;
          passAsFile = [ "text" ];
        };
    writeText = name: text: writeTextFile { inherit name text; };
    writeShellScript =
      name: text:
      writeTextFile {
        inherit name;
        executable = true;
        text = "#!/bin/bash\n${text}";
      };
    writeShellApplication =
      { name, text, ... }:
      writeShellScript name ("set -o errexit\nset -o nounset\nset -o pipefail\n" + text)
      // {
        meta.mainProgram = name;
      };
  };
in
self
