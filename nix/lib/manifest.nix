# The manifest of one run: trees, keys and policy (docs/reference/manifest.md).
text:
let
  inherit (text) hasInfix;

  standard = "(<SOPS:[0-9a-f]*:PLACEHOLDER>)";

  # Which of `secrets` the texts of templates speak of. What is only in a file is not known here: it may speak of any.
  usedBy =
    secrets: templates:
    let
      texts = map (template: template.content) templates;
      found = builtins.listToAttrs (
        map (match: {
          name = builtins.head match;
          value = null;
        }) (builtins.filter builtins.isList (builtins.concatMap (builtins.split standard) texts))
      );
    in
    if !builtins.all (template: template ? content) templates then
      secrets
    else
      builtins.filter (
        secret:
        if builtins.match standard secret.placeholder != null then
          found ? ${secret.placeholder}
        else
          builtins.any (hasInfix secret.placeholder) texts
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
      borrowed = if templates == [ ] then [ ] else map forTemplates (unique (usedBy known templates));
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
