# The module system: imports, declarations, definitions.
lib:
let
  inherit (import ./merge.nix lib)
    pushDown
    mergeDefinitions
    mkOverride
    mkMerge
    ;
  inherit (lib) isOption mkOption types;
  show = loc: builtins.concatStringsSep "." loc;

  known = [
    "_class"
    "_file"
    "key"
    "disabledModules"
    "imports"
    "options"
    "config"
    "meta"
    "freeformType"
  ];

  # A module in full form, from a path, a function or a set.
  load =
    args: fallback: module:
    let
      fromPath = builtins.isPath module || builtins.isString module;
      name = if fromPath then toString module else fallback;
      raw = if fromPath then import module else module;
      applied =
        if builtins.isFunction raw then
          raw (
            args.given
            // builtins.mapAttrs (arg: _: args.given.${arg} or args.late.${arg}) (builtins.functionArgs raw)
          )
        else
          raw;
      full = applied ? config || applied ? options;
      bad = builtins.removeAttrs applied known;
    in
    if full && bad != { } then
      throw "Module `${name}' has an unsupported attribute `${builtins.head (builtins.attrNames bad)}'."
    else
      {
        key = builtins.unsafeDiscardStringContext (toString (applied.key or name));
        file = toString (applied._file or name);
        imports = applied.imports or [ ];
        options = if full then applied.options or { } else { };
        config =
          if full then
            applied.config or { }
          else
            builtins.removeAttrs applied [
              "_class"
              "_file"
              "key"
              "disabledModules"
              "imports"
              "freeformType"
            ];
      };

  # All modules that are imported from these, each once by its key; those imported come first.
  closure =
    args: roots:
    let
      walk =
        seen: parent: modules:
        builtins.foldl'
          (
            state: module:
            let
              loaded = load args "${parent}:anon-${toString state.number}" module;
              inner = walk (state.seen // { ${loaded.key} = true; }) loaded.key loaded.imports;
              here = state // {
                number = state.number + 1;
              };
            in
            if state.seen ? ${loaded.key} then
              here
            else
              {
                number = state.number + 1;
                seen = inner.seen;
                all = state.all ++ inner.all ++ [ loaded ];
              }
          )
          {
            inherit seen;
            number = 1;
            all = [ ];
          }
          modules;
    in
    (walk { } "" roots).all;

  # Sets of attributes, brought together by name.
  group =
    sets:
    builtins.zipAttrsWith (_: values: values) (
      map (
        each:
        builtins.mapAttrs (_: value: {
          inherit (each) file;
          inherit value;
        }) each.value
      ) sets
    );

  mergeDeclarations =
    loc: declarations:
    let
      options = map (each: each.value) declarations;
      merged = builtins.foldl' (found: option: found // option) { } options;
    in
    if !builtins.all isOption options then
      throw "The option `${show loc}' is declared both as an option and as a set of options."
    else if
      builtins.length options > 1 && builtins.length (builtins.filter (o: o ? type) options) > 1
    then
      throw "The option `${show loc}' in `${(builtins.head declarations).file}' is already declared in `${(builtins.elemAt declarations 1).file}'."
    else
      merged;

  evalOption =
    loc: declaration: definitions:
    let
      option = {
        type = types.unspecified;
      }
      // declaration;
      default =
        if option ? default then
          [
            {
              file = "default";
              value = mkOverride 1500 option.default;
            }
          ]
        else
          [ ];
      merged = mergeDefinitions loc option.type (default ++ definitions);
      value =
        if (option.readOnly or false) && builtins.length (default ++ definitions) > 1 then
          throw "The option `${show loc}' is read-only, but it's set multiple times."
        else
          merged.mergedValue;
    in
    option
    // {
      inherit loc;
      inherit (merged)
        isDefined
        highestPrio
        definitions
        files
        ;
      value = (option.apply or (x: x)) value;
    };

  # Declarations and definitions, level by level: `{ options, config }`.
  level =
    loc: declarations: definitions:
    let
      declared = group declarations;
      defined = group definitions;
      unknown = builtins.attrNames (builtins.removeAttrs defined (builtins.attrNames declared));
      each = builtins.mapAttrs (
        name: found:
        let
          here = loc ++ [ name ];
          given = defined.${name} or [ ];
        in
        if builtins.any (entry: isOption entry.value) found then
          let
            option = evalOption here (mergeDeclarations here found) given;
          in
          {
            options = option;
            config = option.value;
          }
        else
          level here found (
            builtins.concatMap (
              entry:
              map (value: {
                inherit (entry) file;
                inherit value;
              }) (pushDown entry.value)
            ) given
          )
      ) declared;
    in
    {
      options = builtins.mapAttrs (_: found: found.options) each;
      config =
        if unknown != [ ] then
          throw "The option `${
            show (loc ++ [ (builtins.head unknown) ])
          }' does not exist. Definition values: - In `${
            (builtins.head defined.${builtins.head unknown}).file
          }'"
        else
          builtins.mapAttrs (_: found: found.config) each;
    };
in
{
  evalModules =
    {
      modules,
      specialArgs ? { },
      prefix ? [ ],
    }:
    let
      internal = {
        key = "internal";
        options._module.args = mkOption {
          type = types.lazyAttrsOf types.raw;
          default = { };
        };
      };
      all = closure {
        given = {
          inherit lib;
          inherit (result) config options;
        }
        // specialArgs;
        late = result.config._module.args;
      } ([ internal ] ++ modules);
      result =
        level prefix
          (map (module: {
            inherit (module) file;
            value = module.options;
          }) all)
          (
            builtins.concatMap (
              module:
              map (value: {
                inherit (module) file;
                inherit value;
              }) (pushDown module.config)
            ) all
          );
    in
    {
      options = builtins.removeAttrs result.options [ "_module" ];
      config = builtins.removeAttrs result.config [ "_module" ];
    };

  mkRenamedOptionModule =
    from: to:
    { config, options, ... }:
    let
      at = builtins.foldl' (set: name: set.${name});
      nest =
        path: value:
        builtins.foldl' (inner: name: { ${name} = inner; }) value (
          builtins.foldl' (reversed: name: [ name ] ++ reversed) [ ] path
        );
      old = at options from;
    in
    {
      options = nest from (mkOption {
        visible = false;
        description = "Alias of {option}`${show to}`.";
        inherit (at options to) type;
        apply = _: at config to;
      });
      config = mkMerge [
        {
          warnings =
            if old.isDefined then
              [
                "The option `${show from}' defined in ${
                  builtins.concatStringsSep " and " (map (file: "`${file}'") old.files)
                } has been renamed to `${show to}'."
              ]
            else
              [ ];
        }
        (nest to (mkMerge (map (mkOverride old.highestPrio) old.definitions)))
      ];
    };
}
