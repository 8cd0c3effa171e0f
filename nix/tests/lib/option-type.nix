# mkOptionType: what every type has.
{
  name,
  description ? name,
  descriptionClass ? null,
  check ? (_: true),
  merge ? null,
  getSubOptions ? (_: { }),
  ...
}@attributes:
let
  # The last definition is as good as any, when all are equal.
  mergeDefault =
    loc: defs:
    let
      first = (builtins.head defs).value;
    in
    if builtins.all (def: def.value == first) defs then
      first
    else
      throw "The option `${builtins.concatStringsSep "." loc}' has conflicting definition values";
in
attributes
// {
  _type = "option-type";
  inherit
    name
    description
    descriptionClass
    check
    getSubOptions
    ;
  merge = if merge == null then mergeDefault else merge;
}
