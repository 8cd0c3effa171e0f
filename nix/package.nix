# nixseal: one program, and the names of the tools that it stands in for.
{
  lib,
  rustPlatform,
  installShellFiles,
  stdenv,
  runtimeShell,
  # The names of age, sops and the others that are in `bin`, too.
  dropInNames ? [
    "age"
    "age-keygen"
    "agenix"
    "ragenix"
    "sops"
    "sops-install-secrets"
    "ssh-to-age"
  ],
  ageBin ? null,
  plugins ? [ ],

  # Further arguments of the package of agenix, which is the default one of its flake; nothing here needs them.
  age ? null,
  jq ? null,
  nix ? null,
  mktemp ? null,
  diffutils ? null,
  replaceVars ? null,
  shellcheck ? null,
}:
let
  inherit (import ./lib) text;
  extra = import ./packages/plugins.nix { inherit ageBin plugins; };
  named =
    name:
    if extra.any then
      ''
        printf '%s' ${
          text.shellWord (
            extra.wrapper {
              inherit runtimeShell name;
              nixseal = placeholder "out";
            }
          )
        } >"$out/bin/${name}"
        chmod +x "$out/bin/${name}"
      ''
    else
      ''
        ln -s nixseal "$out/bin/${name}"
      '';
  root = ../.;
  workspace = builtins.fromTOML (builtins.readFile (root + "/Cargo.toml"));
  # Only what the build reads, so that a change of the docs builds nothing.
  wanted = [
    ".cargo"
    "Cargo.lock"
    "Cargo.toml"
    "crates"
  ];
  runs = stdenv.buildPlatform.canExecute or (host: host == stdenv.buildPlatform) stdenv.hostPlatform;
in
rustPlatform.buildRustPackage {
  pname = "nixseal";
  version = workspace.workspace.package.version;

  src = builtins.path {
    path = root;
    name = "nixseal-source";
    filter =
      path: _:
      let
        relative = lib.removePrefix (toString root + "/") (toString path);
      in
      builtins.elem (builtins.head (builtins.split "/" relative)) wanted;
  };
  cargoLock.lockFile = root + "/Cargo.lock";
  cargoBuildFlags = [
    "-p"
    "nixseal"
  ];

  nativeBuildInputs = [ installShellFiles ];

  # They compare with the real tools, which tests/peers brings.
  doCheck = false;

  postInstall =
    lib.concatMapStrings named dropInNames
    + lib.optionalString runs ''
      $out/bin/nixseal man "$TMPDIR/man"
      installManPage "$TMPDIR"/man/*
      for shell in bash zsh fish; do
        $out/bin/nixseal completions "$shell" >"$TMPDIR/nixseal.$shell"
      done
      installShellCompletion --cmd nixseal \
        --bash "$TMPDIR/nixseal.bash" --zsh "$TMPDIR/nixseal.zsh" --fish "$TMPDIR/nixseal.fish"
    '';

  meta = {
    description = "Secrets for NixOS that never reach the store: agenix and sops in one program";
    license = [
      lib.licenses.mit
      lib.licenses.asl20
    ];
    mainProgram = "nixseal";
    platforms = lib.platforms.unix;
  };
}
