# Scripts in the order of their `deps`, each once: `lib.textClosureMap` of nixpkgs, and the names instead of the texts.
let
  ordered =
    scripts: names:
    let
      walk =
        state: name:
        if state.done ? ${name} then
          state
        else
          let
            inner = builtins.foldl' walk (
              state
              // {
                done = state.done // {
                  ${name} = true;
                };
              }
            ) scripts.${name}.deps;
          in
          inner // { order = inner.order ++ [ name ]; };
    in
    (builtins.foldl' walk {
      done = { };
      order = [ ];
    } names).order;
in
f: scripts: names:
builtins.concatStringsSep "\n" (map (name: f name scripts.${name}) (ordered scripts names))
