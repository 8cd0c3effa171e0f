# Definitions: conditions, priorities, order, and what is left of them in the end.
lib:
let
  show = loc: builtins.concatStringsSep "." loc;
  isType = type: value: value._type or null == type;

  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };

  # Away with conditions: a list of what remains.
  discharge =
    value:
    if isType "merge" value then
      builtins.concatMap discharge value.contents
    else if isType "if" value then
      if !builtins.isBool value.condition then
        throw "mkIf called with a non-Boolean condition"
      else if value.condition then
        discharge value.content
      else
        [ ]
    else
      [ value ];

  priorityOf = value: if isType "override" value then value.priority else 100;
  contentOf = value: if isType "override" value then value.content else value;
  orderOf = value: if isType "order" value then value.priority else 1000;
  orderedOf = value: if isType "order" value then value.content else value;
in
rec {
  inherit mkOverride mkOrder discharge;
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;

  # Down into the attributes of a module, so that each option sees only what concerns it.
  pushDown =
    config:
    if isType "merge" config then
      builtins.concatMap pushDown config.contents
    else if isType "if" config then
      map (builtins.mapAttrs (_: mkIf config.condition)) (pushDown config.content)
    else if isType "override" config then
      map (builtins.mapAttrs (_: mkOverride config.priority)) (pushDown config.content)
    else
      [ config ];

  # Definitions are `{ file, value }`.
  mergeDefinitions =
    loc: type: defs:
    let
      kept = builtins.concatMap (
        def:
        map (value: {
          inherit (def) file;
          inherit value;
        }) (discharge def.value)
      ) defs;
      highestPrio = builtins.foldl' (
        found: def:
        let
          own = priorityOf def.value;
        in
        if own < found then own else found
      ) 9999 kept;
      strongest = builtins.filter (def: priorityOf def.value == highestPrio) kept;
      sorted = builtins.sort (a: b: orderOf a.value < orderOf b.value) (
        map (def: def // { value = contentOf def.value; }) strongest
      );
      final = map (def: def // { value = orderedOf def.value; }) (
        if builtins.any (def: isType "order" (contentOf def.value)) strongest then
          sorted
        else
          map (def: def // { value = contentOf def.value; }) strongest
      );
      wrong = builtins.filter (def: !type.check def.value) final;
    in
    {
      inherit highestPrio;
      isDefined = final != [ ];
      definitions = map (def: def.value) final;
      files = map (def: def.file) final;
      mergedValue =
        if final == [ ] then
          throw "The option `${show loc}' was accessed but has no value defined. Try setting the option."
        else if wrong != [ ] then
          throw "A definition for option `${show loc}' is not of type `${type.description}'."
        else
          type.merge loc final;
      optionalValue = if final == [ ] then { } else { value = type.merge loc final; };
      checkedOptionalValue =
        if final == [ ] then
          { }
        else
          {
            value =
              if wrong != [ ] then
                throw "A definition for option `${show loc}' is not of type `${type.description}'."
              else
                type.merge loc final;
          };
    };

  mergeOneOption =
    loc: defs:
    if builtins.length defs == 1 then
      (builtins.head defs).value
    else
      throw "The option `${show loc}' is defined multiple times while it's expected to be unique.";

  mergeEqualOption =
    loc: defs:
    builtins.foldl' (
      first: def:
      if def.value == first then
        first
      else
        throw "The option `${show loc}' has conflicting definition values"
    ) (builtins.head defs).value (builtins.tail defs);
}
