# What the declarations share: types that lib does not have, and names that older libs lack.
{ lib }:
let
  inherit (lib) mkOption types;
  literalExpression = lib.literalExpression or lib.literalExample;
in
{
  inherit literalExpression;
  literalMD = lib.literalMD or (text: literalExpression text);

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
    };

  unitList =
    description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "sshd.service" ];
      inherit description;
    };

  # Keys must not be in the store: everybody can read it.
  pathNotInStore =
    lib.mkOptionType {
      name = "pathNotInStore";
      description = "path not in the Nix store";
      check =
        x:
        let
          path = toString (/. + x);
          store = "${builtins.storeDir}/";
        in
        builtins.substring 0 (builtins.stringLength store) path != store;
      merge = lib.mergeEqualOption;
    }
    # Not an argument before NixOS 22.11.
    // {
      descriptionClass = "noun";
    };

  placeholders =
    description:
    mkOption {
      type = types.attrsOf (
        types.mkOptionType {
          name = "coercibleToString";
          description = "value that can be coerced to string";
          check =
            x:
            builtins.isString x
            || builtins.isPath x
            || builtins.isInt x
            || builtins.isFloat x
            || builtins.isBool x
            || x == null
            || (builtins.isAttrs x && (x ? outPath || x ? __toString));
          merge = lib.mergeEqualOption;
        }
      );
      default = { };
      visible = false;
      inherit description;
    };

  hostPublicKey =
    tree:
    mkOption {
      type = types.nullOr (types.either types.str (types.listOf types.str));
      default = null;
      example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI…";
      description = ''
        Public key of this host, or a list of them: a line of an `ssh_host_….pub` file, or an age recipient. Evaluation or
        the build fails for every secret of `${tree}` that none of them can open. Not checked when null.
      '';
    };
}
