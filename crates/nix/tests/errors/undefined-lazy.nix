{ a = 1; b = if true then 1 else missing; }
