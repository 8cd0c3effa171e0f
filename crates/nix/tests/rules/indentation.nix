let key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; v = "v"; in {
  "a.age" = { publicKeys = [ key ];
    texts = [
      ''
        first
          second ${v}
       third
      ''
      ''  x
        y''
      ''	tab
	  more
      ''
      ''
        ${v}
          ${v} a ''${v} ''' ''\n ''\t $$ $x ' " \
      ''
      ''''
      ''

      ''
      '' ''
      ''
        a''\
        b
          ''
      ''$''
      ''a
       b
      c$''
    ];
  };
}
