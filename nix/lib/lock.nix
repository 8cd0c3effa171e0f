# The lock file (docs/reference/lock-file.md): for whom the files are, where the files themselves do not say.
text:
let
  inherit (text) hasPrefix optional;

  fileName = "secrets.lock";

  digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  digit = number: builtins.substring number 1 digits;
  hexValues = builtins.listToAttrs (
    builtins.genList (number: {
      name = builtins.substring number 1 "0123456789abcdef";
      value = number;
    }) 16
  );
  # Hexadecimal digits as base64 without padding: three of them are two of base64.
  base64 =
    hex:
    let
      at =
        index:
        let
          found = builtins.substring index 1 hex;
        in
        if found == "" then 0 else hexValues.${found};
      group =
        number:
        let
          value = at (3 * number) * 256 + at (3 * number + 1) * 16 + at (3 * number + 2);
        in
        digit (value / 64) + digit (value - value / 64 * 64);
      length = builtins.stringLength hex;
      all = builtins.concatStringsSep "" (builtins.genList group ((length + 2) / 3));
    in
    builtins.substring 0 ((length * 4 + 5) / 6) all;

  # A recipient as the lock writes it: without a comment, and long ones by their digest.
  longest = 120;
  recipient =
    publicKey:
    let
      words = builtins.filter (word: builtins.isString word && word != "") (
        builtins.split "[[:space:]]+" publicKey
      );
      first = builtins.head words;
      second = builtins.elemAt words 1;
      digest = key: "SHA256:${base64 (builtins.hashString "sha256" key)}";
      kind = builtins.head (builtins.split "1" first);
    in
    if builtins.length words > 1 then
      if builtins.stringLength first + builtins.stringLength second >= longest then
        "${first}:${digest second}"
      else
        "${first}:${second}"
    else if builtins.stringLength publicKey > longest then
      "${kind}:${digest first}"
    else
      publicKey;

  # Recipients by the digest of the file.
  parse =
    content:
    builtins.listToAttrs (
      builtins.concatMap (
        line:
        let
          parts = if builtins.isString line then builtins.match ".*\" sha256:([^ ]+) ([^ ]+)" line else null;
        in
        optional (parts != null) {
          name = builtins.head parts;
          value = builtins.filter builtins.isString (builtins.split "," (builtins.elemAt parts 1));
        }
      ) (builtins.split "\n" content)
    );

  # The lock nearest to a file, in its folder or above; null where there is none.
  near =
    folder:
    let
      above = builtins.dirOf folder;
    in
    if folder == "/" || folder == builtins.storeDir || !hasPrefix "/" folder then
      null
    else if builtins.pathExists "${folder}/${fileName}" then
      "${folder}/${fileName}"
    else
      near above;
  lockOf = file: near (builtins.dirOf (builtins.unsafeDiscardStringContext (toString file)));
in
{
  inherit base64 recipient;

  # A function from a file to its recipients, or to null where no lock knows it; every lock near `files` is read once.
  recipients =
    files:
    let
      # Of names that are there twice `listToAttrs` takes one, and nothing is read before it is asked for.
      locks = builtins.listToAttrs (
        map (path: {
          name = path;
          value = parse (builtins.readFile path);
        }) (builtins.filter (path: path != null) (map lockOf files))
      );
    in
    file:
    let
      path = lockOf file;
    in
    if path == null then null else locks.${path}.${base64 (builtins.hashFile "sha256" file)} or null;
}
