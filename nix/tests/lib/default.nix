# A small stand-in for nixpkgs' `lib`: the module system, the types and the few functions that the modules of nixseal use.
# For places that cannot have nixpkgs; wherever NIXPKGS_LIB is given, the tests run with the real one instead.
let
  lib = {
    types = import ./types.nix lib;
    inherit (import ./modules.nix lib) evalModules mkRenamedOptionModule;
    inherit (import ./merge.nix lib)
      mkIf
      mkMerge
      mkOverride
      mkDefault
      mkForce
      mkOptionDefault
      mkOrder
      mkBefore
      mkAfter
      mergeDefinitions
      mergeEqualOption
      mergeOneOption
      ;
    mkOption = attributes: attributes // { _type = "option"; };
    mkOptionType = import ./option-type.nix;
    literalExpression = text: {
      _type = "literalExpression";
      inherit text;
    };
    literalMD = text: {
      _type = "literalMD";
      inherit text;
    };
    isOption = value: value._type or null == "option";
    showOption = builtins.concatStringsSep ".";

    # What the tests themselves use.
    textClosureMap = import ./text-closure.nix;
  };
in
lib
