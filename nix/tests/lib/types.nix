# The types that the modules use.
lib:
let
  inherit (lib)
    mkOptionType
    mergeDefinitions
    mergeEqualOption
    mergeOneOption
    ;
  noun = {
    descriptionClass = "noun";
  };
  # Parentheses around a description whose class the context does not allow.
  phrase =
    classes: type:
    if builtins.elem type.descriptionClass classes then type.description else "(${type.description})";

  isStringLike =
    x:
    builtins.isString x || builtins.isPath x || (builtins.isAttrs x && (x ? outPath || x ? __toString));
  isDerivation = x: builtins.isAttrs x && x.type or null == "derivation";
  concat = values: builtins.concatStringsSep "" values;

  merged =
    loc: elements: type:
    builtins.mapAttrs (name: defs: mergeDefinitions (loc ++ [ name ]) type defs) (
      builtins.zipAttrsWith (_: defs: defs) (
        map (
          def:
          builtins.mapAttrs (_: value: {
            inherit (def) file;
            inherit value;
          }) def.value
        ) elements
      )
    );

  # Values that need no merging but a check, joined when there are several.
  joined =
    name: description: check: join:
    mkOptionType (
      noun
      // {
        inherit name description check;
        merge = _: defs: join (map (def: def.value) defs);
      }
    );
in
rec {
  raw = mkOptionType (
    noun
    // {
      name = "raw";
      description = "raw value";
      merge = mergeOneOption;
    }
  );
  unspecified = mkOptionType (
    noun
    // {
      name = "unspecified";
      description = "unspecified value";
      # Sets and lists come together, other values must be one.
      merge =
        loc: defs:
        let
          values = map (def: def.value) defs;
        in
        if builtins.length values == 1 then
          builtins.head values
        else if builtins.all builtins.isList values then
          builtins.concatLists values
        else if builtins.all builtins.isAttrs values then
          builtins.foldl' (found: value: found // value) { } values
        else if builtins.all builtins.isString values then
          concat values
        else
          mergeOneOption loc defs;
    }
  );
  bool = mkOptionType (
    noun
    // {
      name = "bool";
      description = "boolean";
      check = builtins.isBool;
      merge = mergeEqualOption;
    }
  );
  int = mkOptionType (
    noun
    // {
      name = "int";
      description = "signed integer";
      check = builtins.isInt;
      merge = mergeEqualOption;
    }
  );
  ints.unsigned = mkOptionType {
    name = "unsignedInt";
    description = "unsigned integer, meaning >=0";
    descriptionClass = "nonRestrictiveClause";
    check = x: builtins.isInt x && x >= 0;
    merge = mergeEqualOption;
  };
  str = mkOptionType (
    noun
    // {
      name = "str";
      description = "string";
      check = builtins.isString;
      merge = mergeEqualOption;
    }
  );
  singleLineStr = mkOptionType (
    noun
    // {
      name = "singleLineStr";
      description = "(optionally newline-terminated) single-line string";
      check = x: builtins.isString x && builtins.match "[^\n\r]*\n?" x != null;
      merge = loc: defs: builtins.replaceStrings [ "\n" ] [ "" ] (mergeEqualOption loc defs);
    }
  );
  lines = joined "separatedString" "strings concatenated with \"\\n\"" builtins.isString (
    builtins.concatStringsSep "\n"
  );
  path = mkOptionType (
    noun
    // {
      name = "path";
      description = "absolute path";
      check = x: isStringLike x && builtins.substring 0 1 (toString x) == "/";
      merge = mergeEqualOption;
    }
  );
  package = mkOptionType (
    noun
    // {
      name = "package";
      check =
        x:
        isDerivation x
        || (
          isStringLike x
          && builtins.substring 0 (builtins.stringLength builtins.storeDir) (toString x) == builtins.storeDir
        );
      merge = mergeOneOption;
    }
  );
  enum =
    values:
    mkOptionType {
      name = "enum";
      description = "one of ${builtins.concatStringsSep ", " (map builtins.toJSON values)}";
      descriptionClass = if builtins.length values < 2 then "noun" else "conjunction";
      check = x: builtins.elem x values;
      merge = mergeEqualOption;
    };
  listOf =
    type:
    mkOptionType {
      name = "listOf";
      description = "list of ${phrase [ "noun" "composite" ] type}";
      descriptionClass = "composite";
      check = builtins.isList;
      getSubOptions = prefix: type.getSubOptions (prefix ++ [ "*" ]);
      merge =
        loc: defs:
        builtins.concatMap (found: if found ? value then [ found.value ] else [ ]) (
          builtins.concatMap (
            def:
            map (
              value:
              (mergeDefinitions (loc ++ [ "[definition]" ]) type [
                {
                  inherit (def) file;
                  inherit value;
                }
              ]).checkedOptionalValue
            ) def.value
          ) defs
        );
    };
  attrsOf =
    type:
    mkOptionType {
      name = "attrsOf";
      description = "attribute set of ${phrase [ "noun" "composite" ] type}";
      descriptionClass = "composite";
      check = builtins.isAttrs;
      getSubOptions = prefix: type.getSubOptions (prefix ++ [ "<name>" ]);
      merge =
        loc: defs:
        let
          all = merged loc defs type;
        in
        builtins.mapAttrs (_: found: found.mergedValue) (
          builtins.removeAttrs all (builtins.filter (name: !all.${name}.isDefined) (builtins.attrNames all))
        );
    };
  lazyAttrsOf =
    type:
    attrsOf type
    // {
      name = "lazyAttrsOf";
      description = "lazy attribute set of ${phrase [ "noun" "composite" ] type}";
      merge = loc: defs: builtins.mapAttrs (_: found: found.mergedValue) (merged loc defs type);
    };
  nullOr =
    type:
    mkOptionType {
      name = "nullOr";
      description = "null or ${phrase [ "noun" "conjunction" ] type}";
      descriptionClass = "conjunction";
      check = x: x == null || type.check x;
      inherit (type) getSubOptions;
      merge =
        loc: defs:
        if builtins.all (def: def.value == null) defs then
          null
        else if builtins.any (def: def.value == null) defs then
          throw "The option `${builtins.concatStringsSep "." loc}' is defined both null and not null."
        else
          type.merge loc defs;
    };
  either =
    a: b:
    mkOptionType {
      name = "either";
      description = "${phrase [ "noun" "conjunction" ] a} or ${
        phrase [ "noun" "conjunction" "composite" ] b
      }";
      descriptionClass = "conjunction";
      check = x: a.check x || b.check x;
      merge =
        loc: defs:
        if builtins.all (def: a.check def.value) defs then
          a.merge loc defs
        else if builtins.all (def: b.check def.value) defs then
          b.merge loc defs
        else
          mergeOneOption loc defs;
    };
  addCheck = type: check: type // { check = x: type.check x && check x; };
  submodule =
    module:
    let
      evaluate =
        loc: modules:
        lib.evalModules {
          modules = [
            module
            {
              _module.args.name = lib.mkOptionDefault (
                if loc == [ ] then "<name>" else builtins.elemAt loc (builtins.length loc - 1)
              );
            }
          ]
          ++ modules;
          prefix = loc;
        };
    in
    mkOptionType {
      name = "submodule";
      check = x: builtins.isAttrs x || builtins.isFunction x || builtins.isPath x;
      getSubOptions = prefix: (evaluate prefix [ ]).options;
      merge =
        loc: defs:
        (evaluate loc (
          map (
            def:
            if builtins.isAttrs def.value then
              {
                _file = def.file;
                config = def.value;
              }
            else
              {
                _file = def.file;
                imports = [ def.value ];
              }
          ) defs
        )).config;
    };
  inherit mkOptionType;
}
