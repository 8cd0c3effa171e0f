# The manifest of one run: trees, keys and policy (docs/reference/manifest.md).
text:
let
  inherit (text) hasInfix;

  standard = "(<SOPS:[0-9a-f]*:PLACEHOLDER>)";

  # Which of `secrets` a template's text speaks of. What is only in a file is not known here: it may speak of any.
  usedBy =
    secrets: template:
    if !(template ? content) then
      secrets
    else
      let
        found = builtins.listToAttrs (
          map (match: {
            name = builtins.head match;
            value = null;
          }) (builtins.filter builtins.isList (builtins.split standard template.content))
        );
      in
      builtins.filter (
        secret:
        if builtins.match standard secret.placeholder != null then
          found ? ${secret.placeholder}
        else
          hasInfix secret.placeholder template.content
      ) secrets;

  # A secret that is opened for templates, and not installed.
  forTemplates =
    secret:
    {
      inherit (secret)
        name
        option
        placeholder
        checkFile
        hostPublicKeys
        ;
      templateOnly = true;
    }
    // (if secret ? age then { inherit (secret) age; } else { inherit (secret) sops; });

  unique =
    secrets:
    builtins.attrValues (
      builtins.listToAttrs (
        map (secret: {
          name = secret.option;
          value = secret;
        }) secrets
      )
    );
in
{
  # `trees`: what is installed. `others`: secrets of the other run, whose placeholders templates here may use.
  manifest =
    {
      trees,
      others ? [ ],
      policy,
      identities,
    }:
    let
      templates = builtins.concatMap (tree: tree.templates) trees;
      known = builtins.filter (secret: secret ? placeholder) others;
      borrowed = map forTemplates (unique (builtins.concatMap (usedBy known) templates));
      first = builtins.head trees;
    in
    policy
    // {
      version = 1;
      inherit identities;
      trees =
        if borrowed == [ ] then
          trees
        else
          [ (first // { secrets = first.secrets ++ borrowed; }) ] ++ builtins.tail trees;
    };
}
