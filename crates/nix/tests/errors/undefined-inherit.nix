{
  inherit alice;
}
