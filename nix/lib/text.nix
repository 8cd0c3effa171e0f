# Texts, paths and packages, with builtins alone.
rec {
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;

  hasSuffix =
    suffix: text:
    let
      rest = builtins.stringLength text - builtins.stringLength suffix;
    in
    rest >= 0 && builtins.substring rest (-1) text == suffix;

  removeSuffix =
    suffix: text:
    if hasSuffix suffix text then
      builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text
    else
      text;

  # Replacing by something else shows whether it was there; in linear time, without regular expressions.
  hasInfix = part: text: part != "" && builtins.replaceStrings [ part ] [ "" ] text != text;

  lines = builtins.concatStringsSep "\n";

  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: values: if condition then values else [ ];
  optionalAttrs = condition: set: if condition then set else { };

  withoutNulls =
    set:
    builtins.removeAttrs set (builtins.filter (name: set.${name} == null) (builtins.attrNames set));

  filterAttrs =
    keep: set:
    builtins.removeAttrs set (
      builtins.filter (name: !(keep name set.${name})) (builtins.attrNames set)
    );

  mapToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);

  # One word of a POSIX shell; plain words stay as they are.
  shellWord =
    value:
    let
      text = toString value;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" text != null then
      text
    else
      "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] text + "'";

  # An attribute in an option's path; quoted where Nix would need it.
  attribute =
    name:
    if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" name != null then
      name
    else
      ''"${builtins.replaceStrings [ "\"" "\\" "$" ] [ "\\\"" "\\\\" "\\$" ] name}"'';

  # PATH of packages, or of folders that have a `bin`.
  binPath =
    packages:
    builtins.concatStringsSep ":" (
      map (
        package:
        if package.outputSpecified or false then
          "${package}/bin"
        else
          "${package.bin or package.out or package}/bin"
      ) packages
    );

  # Where the programs are that a command finds, to look for plugins there: the folder of its program, and of those that it puts
  # on PATH. Configurations of agenix write `PATH=$PATH:FOLDER PROGRAM` into `age.ageBin` for the sake of a plugin.
  commandFolders =
    command:
    let
      # What a regular expression finds has lost the packages that it comes from.
      kept = part: builtins.appendContext part (builtins.getContext command);
      parts = builtins.match "(env[[:space:]]+)?PATH=[\"']?([^\"'[:space:]]*)[\"']?[[:space:]]+(.*)" command;
      program = builtins.match "[[:space:]]*([^[:space:]]+).*";
      folders = builtins.filter (part: builtins.isString part && hasPrefix "/" part) (
        builtins.split ":" (builtins.elemAt parts 1)
      );
      folderOf = words: optional (words != null) (kept (builtins.dirOf (builtins.head words)));
    in
    if parts == null then
      folderOf (program command)
    else
      map kept folders ++ folderOf (program (builtins.elemAt parts 2));

  # The same as `path` of a unit and `binPath` take them: without `/bin` at the end.
  commandPackages =
    command:
    map (removeSuffix "/bin") (builtins.filter (hasSuffix "/bin") (commandFolders command));

  # Is it in the store, or a path that evaluation copies there?
  inStore = file: builtins.isPath file || hasPrefix "${builtins.storeDir}/" (toString file);

  # A path that names a place on the host. A path literal outside the store must not be copied into it: it may be a key.
  hostPath =
    path:
    if builtins.isPath path && hasPrefix "${builtins.storeDir}/" (toString path) then
      "${path}"
    else
      toString path;

  # `folder` itself, or something in it?
  below = folder: path: path == folder || hasPrefix "${folder}/" path;
}
