# The options below a prefix as a flat set: name -> type, default, readOnly. Values that evaluation cannot compare are
# named by what they are.
{ lib }:
let
  plain =
    value:
    if builtins.isFunction value then
      "<function>"
    else if builtins.isAttrs value && value.type or null == "derivation" then
      "<package ${value.name}>"
    else if builtins.isAttrs value then
      builtins.mapAttrs (_: plain) value
    else if builtins.isList value then
      map plain value
    else if builtins.isPath value then
      toString value
    else if builtins.isString value then
      builtins.unsafeDiscardStringContext value
    else
      value;

  # What a default needs may not be there, as `sops.defaultSopsFile` is not.
  attempt =
    value:
    let
      tried = builtins.tryEval (builtins.deepSeq (plain value) (plain value));
    in
    if tried.success then tried.value else "<computed>";

  # Of options in submodules only the value tells, not a default that depends on its neighbours.
  row =
    inside: option:
    {
      type = option.type.description or "unspecified value";
      readOnly = option.readOnly or false;
      visible = option.visible or true;
    }
    // (
      if inside || !(option ? default) then
        { hasDefault = option ? default; }
      else
        { default = attempt option.default; }
    );

  walk =
    inside: name: value:
    if value._type or null == "option" then
      [
        {
          inherit name;
          value = row inside value;
        }
      ]
      ++ walkAll true name (value.type.getSubOptions [ ])
    else
      walkAll inside name value;
  walkAll =
    inside: prefix: set:
    builtins.concatMap (
      name:
      if name == "_module" || name == "_freeformOptions" then
        [ ]
      else
        walk inside "${prefix}.${name}" set.${name}
    ) (builtins.attrNames set);
in
prefix: options: builtins.listToAttrs (walkAll false prefix options)
