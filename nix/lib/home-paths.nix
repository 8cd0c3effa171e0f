# agenix's home-manager module has shell expressions in its paths. Here they become what the manifest of a user has:
# `%r` is the runtime folder, `%%` is `%`.
text:
let
  inherit (text) hasInfix;

  isExpression = value: hasInfix "$" value || hasInfix "`" value;
in
{
  inherit isExpression;

  # `known`: what stands for which expression, longest first.
  resolve =
    {
      homeDirectory,
      username,
      runtimeExpressions,
    }:
    value:
    let
      expressions = [
        "%"
      ]
      ++ runtimeExpressions
      ++ [
        "\${XDG_RUNTIME_DIR}"
        "$XDG_RUNTIME_DIR"
        "\${HOME}"
        "$HOME"
        "\${USER}"
        "$USER"
      ];
      values = [
        "%%"
      ]
      ++ map (_: "%r") runtimeExpressions
      ++ [
        "%r"
        "%r"
        homeDirectory
        homeDirectory
        username
        username
      ];
    in
    builtins.replaceStrings expressions values value;

  # The same place for whoever runs no shell, once the runtime folder is known.
  withRuntime = runtime: value: builtins.replaceStrings [ "%r" "%%" ] [ runtime "%" ] value;
}
