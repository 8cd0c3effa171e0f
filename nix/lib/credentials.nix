# Which services receive which secrets by `LoadCredential=`.
text: {
  # `places`: lists of entries, each with the folder where a run links what it installs for services.
  # Gives the values of LoadCredential for each unit.
  byUnit =
    places:
    builtins.mapAttrs (_: map (each: each.value)) (
      builtins.groupBy (each: each.unit) (
        builtins.concatMap (
          place:
          builtins.concatMap (
            entry:
            map (credential: {
              inherit (credential) unit;
              value = "${credential.name}:${place.folder}/${credential.unit}/${credential.name}";
            }) entry.credentials
          ) place.entries
        ) places
      )
    );
}
