{
  a = throw "no key for ${"bob"}";
}
