# comment at the top
/* and
   another */
let # here
  /* ** */ alice = /* inline */ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; # key
  # "disabled.age".publicKeys = [ alice ];
  /**/
in # before
{
  # "old.age".publicKeys = [ "age1old" ];
  "a.age" /* name */ . publicKeys = [ # list
    alice # one
    /* two */
  ];
} # end
# no newline at the end