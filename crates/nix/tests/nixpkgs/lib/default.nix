rec {
  head = builtins.head;
  flatten = value: if builtins.isList value then builtins.concatMap flatten value else [ value ];
  optional = condition: value: if condition then [ value ] else [ ];
  splitString = separator: text: builtins.filter builtins.isString (builtins.split separator text);
  genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
}
