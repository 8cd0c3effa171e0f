{ "a.age": 1 }
