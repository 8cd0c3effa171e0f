//! Random Nix expressions that mostly make sense: chosen by type, with variables
//! in scope, and with a wrong type now and then.

use nixseal_testkit::Random;

/// What an expression is meant to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    Float,
    Bool,
    Text,
    Ints,
    Texts,
    Set,
    Function,
}

const TYPES: [Type; 8] = [
    Type::Int,
    Type::Float,
    Type::Bool,
    Type::Text,
    Type::Ints,
    Type::Texts,
    Type::Set,
    Type::Function,
];

const NAMES: [&str; 6] = ["a", "b", "c", "d", "x-y", "e'"];

/// Makes expressions, the same ones for the same seed.
pub(crate) struct Generator {
    random: Random,
    scope: Vec<(String, Type)>,
    fuel: u32,
    /// Versions of Nix print floats differently: where there are floats,
    /// nothing is printed.
    floats: bool,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            scope: Vec::new(),
            fuel: 0,
            floats: false,
        }
    }

    /// A closed expression whose value can be printed as JSON, mostly.
    pub(crate) fn expression(&mut self) -> String {
        self.scope.clear();
        self.floats = self.below(3) == 0;
        self.fuel = 4 + self.below(26) as u32;
        let kinds = [
            Type::Int,
            Type::Bool,
            Type::Text,
            Type::Ints,
            Type::Texts,
            Type::Set,
        ];
        let kind = self.pick(&kinds);
        self.of(kind)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random.below(end)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn of(&mut self, kind: Type) -> String {
        let kind = if kind == Type::Float && !self.floats {
            Type::Int
        } else {
            kind
        };
        let kind = if self.below(250) == 0 {
            self.pick(&TYPES)
        } else {
            kind
        };
        if self.below(4) == 0 {
            let known: Vec<String> = self
                .scope
                .iter()
                .filter(|known| known.1 == kind)
                .map(|known| known.0.clone())
                .collect();
            if !known.is_empty() {
                return known[self.below(known.len() as u64) as usize].clone();
            }
        }
        if self.fuel == 0 {
            return self.leaf(kind);
        }
        self.fuel -= 1;
        match self.below(9) {
            0 => self.wrapped(kind),
            1 => self.leaf(kind),
            _ => match kind {
                Type::Int => self.int(),
                Type::Float => self.float(),
                Type::Bool => self.bool(),
                Type::Text => self.text(),
                Type::Ints => self.ints(),
                Type::Texts => self.texts(),
                Type::Set => self.set(),
                Type::Function => self.function(),
            },
        }
    }

    fn leaf(&mut self, kind: Type) -> String {
        match kind {
            Type::Int => self.below(20).to_string(),
            Type::Float => self
                .pick(&["0.5", "1.25", "2.0", "1.e2", "3.5e-1", ".25", "7."])
                .to_owned(),
            Type::Bool => self.pick(&["true", "false"]).to_owned(),
            Type::Text => self.string(),
            Type::Ints => self
                .pick(&["[ ]", "[ 1 2 3 ]", "[ 5 ]", "[ 3 1 2 ]"])
                .to_owned(),
            Type::Texts => self
                .pick(&["[ ]", "[ \"x\" \"yy\" ]", "[ \"b\" \"a\" \"b\" ]"])
                .to_owned(),
            Type::Set => self
                .pick(&[
                    "{ }",
                    "{ a = 1; b = 2; }",
                    "{ c = 3; }",
                    "{ a = 7; d = 4; }",
                ])
                .to_owned(),
            Type::Function => self
                .pick(&["(v: v)", "(v: v + 1)", "(v: v * v)", "(builtins.add 3)"])
                .to_owned(),
        }
    }

    /// What exists for every type: scopes, conditions, selections, calls.
    fn wrapped(&mut self, kind: Type) -> String {
        match self.below(13) {
            0 | 1 => self.let_in(kind),
            2 => {
                let (condition, yes) = (self.of(Type::Bool), self.of(kind));
                format!("(if {condition} then {yes} else {})", self.of(kind))
            }
            3 => {
                let (set, name) = (self.of(Type::Set), self.pick(&NAMES));
                let inner = self.of(kind);
                format!("(({{ {name} = {inner}; }} // {set}).{name})")
            }
            4 => format!(
                "({}.{} or {})",
                self.of(Type::Set),
                self.pick(&NAMES),
                self.of(kind)
            ),
            5 => self.call(kind),
            6 => self.pattern_call(kind),
            7 => {
                let name = self.pick(&NAMES[..4]);
                let (set, inner) = (self.of(Type::Set), self.of(kind));
                format!("(with {set}; with {{ {name} = {inner}; }}; {name})")
            }
            8 => {
                let condition = self.of(Type::Bool);
                let lenient = if self.below(6) == 0 { "" } else { "true || " };
                format!("(assert {lenient}{condition}; {})", self.of(kind))
            }
            9 => format!("(builtins.head [ {} {} ])", self.of(kind), self.of(kind)),
            10 => format!("(builtins.seq {} {})", self.of(Type::Int), self.of(kind)),
            11 => {
                let inner = self.of(kind);
                let other = self.of(kind);
                format!(
                    "(let t = builtins.tryEval {inner}; in if t.success then t.value else {other})"
                )
            }
            _ => self.recursive(kind),
        }
    }

    fn fresh(&mut self) -> String {
        format!("v{}", self.scope.len())
    }

    /// Runs `inner` with one more variable.
    fn binding(&mut self, kind: Type, inner: impl FnOnce(&mut Self, &str) -> String) -> String {
        let name = self.fresh();
        self.scope.push((name.clone(), kind));
        let text = inner(self, &name);
        self.scope.pop();
        text
    }

    fn lambda(&mut self, parameter: Type, result: Type) -> String {
        self.binding(parameter, |this, name| {
            format!("({name}: {})", this.of(result))
        })
    }

    fn let_in(&mut self, kind: Type) -> String {
        let own = self.pick(&TYPES);
        let value = self.of(own);
        self.binding(own, |this, name| match this.below(3) {
            0 => {
                let body = this.of(kind);
                format!("(let s = {{ {name} = {value}; }}; inherit (s) {name}; in {body})")
            }
            _ => format!("(let {name} = {value}; in {})", this.of(kind)),
        })
    }

    fn call(&mut self, kind: Type) -> String {
        let own = self.pick(&TYPES);
        let argument = self.of(own);
        self.binding(own, |this, name| {
            format!("(({name}: {}) {argument})", this.of(kind))
        })
    }

    fn pattern_call(&mut self, kind: Type) -> String {
        let own = self.pick(&TYPES);
        let (argument, default) = (self.of(own), self.of(own));
        let rest = self.pick(&[", ...", "", ", z ? 1"]);
        let passed = self.pick(&["{ V = A; }", "{ }", "{ V = A; }", "{ V = A; other = 1; }"]);
        let whole = self.pick(&["", "@all"]);
        self.binding(own, |this, name| {
            let passed = passed.replace('V', name).replace('A', &argument);
            let body = this.of(kind);
            format!("(({{ {name} ? {default}{rest} }}{whole}: {body}) {passed})")
        })
    }

    fn recursive(&mut self, kind: Type) -> String {
        let own = self.pick(&TYPES);
        let value = self.of(own);
        self.binding(own, |this, name| {
            let body = this.of(kind);
            format!("((rec {{ {name} = {value}; out = {body}; }}).out)")
        })
    }

    fn int(&mut self) -> String {
        match self.below(14) {
            0..=2 => {
                let operator = self.pick(&["+", "-", "*", "+", "-", "*", "/"]);
                if operator == "/" && self.below(8) > 0 {
                    return format!("({} / {})", self.of(Type::Int), 1 + self.below(9));
                }
                format!("({} {operator} {})", self.of(Type::Int), self.of(Type::Int))
            }
            3 => format!("(- {})", self.of(Type::Int)),
            4 => format!("(builtins.length {})", self.any_list()),
            5 => format!("(builtins.stringLength {})", self.of(Type::Text)),
            6 => {
                let start = self.of(Type::Int);
                format!(
                    "(builtins.foldl' (p: q: p + q) {start} {})",
                    self.of(Type::Ints)
                )
            }
            7 => {
                let (list, index) = (self.of(Type::Ints), self.below(4));
                let more = if self.below(6) == 0 {
                    ""
                } else {
                    " ++ [ 9 8 7 6 ]"
                };
                format!("(builtins.elemAt ({list}{more}) {index})")
            }
            8 => format!("({} {})", self.of(Type::Function), self.of(Type::Int)),
            9 => {
                let name = self.pick(&["bitAnd", "bitOr", "bitXor", "sub", "mul"]);
                format!(
                    "(builtins.{name} {} {})",
                    self.of(Type::Int),
                    self.of(Type::Int)
                )
            }
            10 => {
                let name = self.pick(&["ceil", "floor"]);
                format!("(builtins.{name} {})", self.of(Type::Float))
            }
            11 => format!(
                "(builtins.fromJSON (builtins.toJSON {}))",
                self.of(Type::Int)
            ),
            12 => {
                let versions = ["1.2", "1.2.3", "1.10", "2pre1", "2", "2.0-rc1", "1.2a"];
                let (left, right) = (self.pick(&versions), self.pick(&versions));
                format!("(builtins.compareVersions \"{left}\" \"{right}\")")
            }
            _ => {
                let (set, name) = (self.of(Type::Set), self.pick(&NAMES));
                let value = self.of(Type::Int);
                format!("({set} // {{ {name} = {value}; }}).{name}")
            }
        }
    }

    fn float(&mut self) -> String {
        let operator = self.pick(&["+", "-", "*"]);
        let other = self.pick(&[Type::Int, Type::Float]);
        format!("({} {operator} {})", self.of(Type::Float), self.of(other))
    }

    fn any_list(&mut self) -> String {
        let kind = self.pick(&[Type::Ints, Type::Texts]);
        self.of(kind)
    }

    fn bool(&mut self) -> String {
        match self.below(12) {
            0..=2 => {
                let kind =
                    self.pick(&[Type::Int, Type::Text, Type::Float, Type::Ints, Type::Texts]);
                let operator = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
                format!("({} {operator} {})", self.of(kind), self.of(kind))
            }
            3 => {
                let (left, right) = (self.pick(&TYPES), self.pick(&TYPES));
                format!("({} == {})", self.of(left), self.of(right))
            }
            4 => {
                let operator = self.pick(&["&&", "||", "->"]);
                format!(
                    "({} {operator} {})",
                    self.of(Type::Bool),
                    self.of(Type::Bool)
                )
            }
            5 => format!("(!{})", self.of(Type::Bool)),
            6 => {
                let (first, second) = (self.pick(&NAMES), self.pick(&NAMES));
                let path = if self.below(3) == 0 {
                    format!("{first}.{second}")
                } else {
                    first.to_owned()
                };
                format!("({} ? {path})", self.of(Type::Set))
            }
            7 => format!(
                "(builtins.elem {} {})",
                self.of(Type::Int),
                self.of(Type::Ints)
            ),
            8 => {
                let (name, test) = (
                    self.pick(&["all", "any"]),
                    self.lambda(Type::Int, Type::Bool),
                );
                format!("(builtins.{name} {test} {})", self.of(Type::Ints))
            }
            9 => {
                let kinds = [
                    "Int", "Bool", "String", "List", "Attrs", "Function", "Float", "Null",
                ];
                let (name, kind) = (self.pick(&kinds), self.pick(&TYPES));
                format!("(builtins.is{name} {})", self.of(kind))
            }
            10 => format!(
                "(builtins.hasAttr {} {})",
                self.of(Type::Text),
                self.of(Type::Set)
            ),
            _ => format!(
                "(builtins.lessThan {} {})",
                self.of(Type::Int),
                self.of(Type::Int)
            ),
        }
    }

    fn text(&mut self) -> String {
        match self.below(15) {
            0 | 1 => format!("({} + {})", self.of(Type::Text), self.of(Type::Text)),
            2 => {
                let kind = self.pick(&[Type::Int, Type::Bool, Type::Ints, Type::Texts, Type::Text]);
                format!("(toString {})", self.of(kind))
            }
            3 => format!(
                "(builtins.concatStringsSep {} {})",
                self.of(Type::Text),
                self.of(Type::Texts)
            ),
            4 => {
                let start = self.below(4);
                let length = self.pick(&["0", "1", "3", "100", "(-1)"]);
                format!(
                    "(builtins.substring {start} {length} {})",
                    self.of(Type::Text)
                )
            }
            5 => {
                let (from, to) = (self.of(Type::Text), self.of(Type::Text));
                let text = self.of(Type::Text);
                format!("(builtins.replaceStrings [ {from} \"b\" ] [ {to} \"\" ] {text})")
            }
            6 => {
                let kind = self.pick(&[Type::Int, Type::Bool, Type::Text, Type::Set, Type::Texts]);
                let name = if self.floats {
                    "builtins.typeOf"
                } else {
                    "builtins.toJSON"
                };
                format!("({name} {})", self.of(kind))
            }
            7 => {
                let kind = self.pick(&TYPES);
                format!("(builtins.typeOf {})", self.of(kind))
            }
            8 => {
                let name = self.pick(&["md5", "sha1", "sha256", "sha512"]);
                format!("(builtins.hashString \"{name}\" {})", self.of(Type::Text))
            }
            9 => {
                let name = self.pick(&["baseNameOf", "dirOf"]);
                format!("({name} {})", self.of(Type::Text))
            }
            10 => {
                let set = self.of(Type::Set);
                format!(
                    "\"${{{{ __toString = self: \"<${{toString (builtins.length (builtins.attrNames {set}))}}>\"; }}}}\""
                )
            }
            11 | 12 => self.interpolated(),
            _ => self.indented(),
        }
    }

    fn interpolated(&mut self) -> String {
        let mut text = "\"".to_owned();
        for _ in 0..=self.below(3) {
            text.push_str(self.pick(&[
                "", "a", "$", "$$", "\\n", "\\${", "\\\"", "é", "\n", " {} ", "''", "\\\\",
            ]));
            if self.below(2) == 0 {
                // An odd number of dollars before would change the meaning.
                let inner = self.of(Type::Text);
                text.push_str(&format!("-${{{inner}}}"));
            }
        }
        text.push('"');
        text
    }

    fn indented(&mut self) -> String {
        let mut text = "''".to_owned();
        for _ in 0..self.below(5) {
            text.push_str(self.pick(&["\n", "\n", "", "\n\n", "\r\n"]));
            text.push_str(self.pick(&["", "  ", "    ", "   ", "\t", "  \t", " "]));
            text.push_str(self.pick(&[
                "line", "x = y", "''$", "'''", "''\\n", "''\\t", "$$", "' ", "é", "\"", "\\",
                "''\\x", "$ ", "",
            ]));
            if self.below(4) == 0 {
                let inner = self.of(Type::Text);
                text.push_str(&format!("${{{inner}}}"));
            }
        }
        text.push_str(self.pick(&["", "\n", "\n  ", " ", "\n\t", "$", "'"]));
        if text.ends_with('\'') && text.len() > 2 {
            text.push(' ');
        }
        text.push_str("''");
        text
    }

    fn string(&mut self) -> String {
        let plain = [
            "\"\"",
            "\"a\"",
            "\"abc\"",
            "\"x y\"",
            "\"a.b-c\"",
            "\"/etc/ssh/key.pub\"",
            "\"é\"",
            "\"1\"",
            "\"b\"",
            "\"a\\nb\\n\"",
            "\"\\t$\"",
            "\"$$\"",
            "http://example.org/a?b=c",
            "''two''",
            "\"c\"",
            "\"foo/\"",
        ];
        self.pick(&plain).to_owned()
    }

    fn ints(&mut self) -> String {
        match self.below(13) {
            0 | 1 => format!("[ {} {} ]", self.of(Type::Int), self.of(Type::Int)),
            2 => format!("({} ++ {})", self.of(Type::Ints), self.of(Type::Ints)),
            3 => {
                let (function, list) = (self.of(Type::Function), self.of(Type::Ints));
                let name = self.pick(&["map", "builtins.map"]);
                format!("({name} {function} {list})")
            }
            4 => {
                let test = self.lambda(Type::Int, Type::Bool);
                format!("(builtins.filter {test} {})", self.of(Type::Ints))
            }
            5 => format!(
                "(builtins.genList {} {})",
                self.of(Type::Function),
                self.below(6)
            ),
            6 => {
                let less = self.pick(&["builtins.lessThan", "(p: q: p > q)", "(p: q: p < q)"]);
                format!("(builtins.sort {less} {})", self.of(Type::Ints))
            }
            7 => format!("(builtins.tail ([ 0 ] ++ {}))", self.of(Type::Ints)),
            8 => format!(
                "(builtins.concatLists [ {} {} ])",
                self.of(Type::Ints),
                self.of(Type::Ints)
            ),
            9 => {
                let function = self.lambda(Type::Int, Type::Ints);
                format!("(builtins.concatMap {function} {})", self.of(Type::Ints))
            }
            10 => format!("(builtins.attrValues {})", self.of(Type::Set)),
            11 => {
                let part = self.pick(&["right", "wrong"]);
                let test = self.lambda(Type::Int, Type::Bool);
                format!("(builtins.partition {test} {}).{part}", self.of(Type::Ints))
            }
            _ => {
                let limit = 1 + self.below(12);
                format!(
                    "(map (i: i.key) (builtins.genericClosure {{ startSet = [ {{ key = {}; }} ]; operator = i: if i.key < {limit} && i.key > -50 then [ {{ key = i.key + 1; }} {{ key = i.key * 2 + 1; }} ] else [ ]; }}))",
                    self.of(Type::Int)
                )
            }
        }
    }

    fn texts(&mut self) -> String {
        match self.below(11) {
            0 | 1 => format!("[ {} {} ]", self.of(Type::Text), self.of(Type::Text)),
            2 => format!("({} ++ {})", self.of(Type::Texts), self.of(Type::Texts)),
            3 => format!("(builtins.attrNames {})", self.of(Type::Set)),
            4 => {
                let function = self.lambda(Type::Text, Type::Text);
                format!("(map {function} {})", self.of(Type::Texts))
            }
            5 => format!("(builtins.sort builtins.lessThan {})", self.of(Type::Texts)),
            6 => {
                let pattern = self.pick(&[
                    "[ab]",
                    "a",
                    "([a-z]+)",
                    "/",
                    "",
                    "a|ab",
                    "(x)?",
                    "[[:space:]]+",
                    "\\\\.",
                    "(a*)(b?)",
                    "[^a]",
                    "a*",
                ]);
                let text = self.of(Type::Text);
                format!("(builtins.filter builtins.isString (builtins.split \"{pattern}\" {text}))")
            }
            7 => {
                let pattern = self.pick(&[
                    "(.*)/([^/]*)",
                    "([a-z])(.*)",
                    "(a|b)*",
                    ".*",
                    "(a)?(b)?.*",
                    "[[:alpha:]]+",
                    "(x+)*",
                    "(.)(.)?",
                ]);
                let text = self.of(Type::Text);
                format!(
                    "(let m = builtins.match \"{pattern}\" {text}; in if m == null then [ ] else map (g: if g == null then \"-\" else g) m)"
                )
            }
            8 => format!("(builtins.splitVersion {})", self.of(Type::Text)),
            9 => format!(
                "(builtins.catAttrs \"n\" [ {{ n = {}; }} {{ }} ])",
                self.of(Type::Text)
            ),
            _ => format!("(builtins.tail {})", self.of(Type::Texts)),
        }
    }

    fn set(&mut self) -> String {
        match self.below(15) {
            0..=3 => self.literal_set(),
            4 => format!("({} // {})", self.of(Type::Set), self.of(Type::Set)),
            5 => {
                let function = self.lambda(Type::Int, Type::Int);
                format!(
                    "(builtins.mapAttrs (name: {function}) {})",
                    self.of(Type::Set)
                )
            }
            6 => format!(
                "(builtins.removeAttrs {} {})",
                self.of(Type::Set),
                self.of(Type::Texts)
            ),
            7 => format!(
                "(builtins.intersectAttrs {} {})",
                self.of(Type::Set),
                self.of(Type::Set)
            ),
            8 => {
                let value = self.of(Type::Int);
                let names = self.of(Type::Texts);
                format!(
                    "(builtins.listToAttrs (map (n: {{ name = n; value = {value}; }}) {names}))"
                )
            }
            9 => {
                let sets = format!("[ {} {} ]", self.of(Type::Set), self.of(Type::Set));
                format!("(builtins.zipAttrsWith (name: values: builtins.length values) {sets})")
            }
            10 => {
                let name = self.of(Type::Text);
                format!("{{ ${{{name}}} = {}; }}", self.of(Type::Int))
            }
            11 => format!(
                "(builtins.fromJSON (builtins.toJSON {}))",
                self.of(Type::Set)
            ),
            12 => format!(
                "(builtins.mapAttrs (n: v: builtins.length v) (builtins.groupBy (v: toString v) {}))",
                self.of(Type::Ints)
            ),
            13 => self
                .pick(&[
                    "(builtins.functionArgs ({ a, b ? 1, ... }: a))",
                    "(builtins.parseDrvName \"nix-js-0.1pre2\")",
                    "(builtins.fromTOML \"a = 1\\nb = 2\")",
                ])
                .to_owned(),
            _ => self.recursive_set(),
        }
    }

    fn literal_set(&mut self) -> String {
        let mut text = "{ ".to_owned();
        let forms = [
            "N = V;",
            "N = V;",
            "N = V;",
            "\"N\" = V;",
            "N.a = V;",
            "N.b = V;",
            "N = { a = V; };",
            "${\"N\"} = V;",
            "inherit ({ N = V; }) N;",
        ];
        let first = self.below(6) as usize;
        for index in 0..1 + self.below(4) as usize {
            let name = match self.below(12) {
                0 => self.pick(&NAMES),
                _ => NAMES[(first + index) % NAMES.len()],
            };
            let (form, value) = (self.pick(&forms), self.of(Type::Int));
            text.push_str(&form.replace('N', name).replace('V', &value));
            text.push(' ');
        }
        text.push('}');
        text
    }

    fn recursive_set(&mut self) -> String {
        let value = self.of(Type::Int);
        self.scope.push(("a".to_owned(), Type::Int));
        let text = format!(
            "rec {{ a = {value}; b = {}; c.d = {}; }}",
            self.of(Type::Int),
            self.of(Type::Int)
        );
        self.scope.pop();
        format!("({text})")
    }

    fn function(&mut self) -> String {
        if self.below(5) == 0 {
            return format!("(builtins.sub {})", self.of(Type::Int));
        }
        self.binding(Type::Int, |this, name| match this.below(4) {
            0 => format!("{{ __functor = self: {name}: {}; }}", this.of(Type::Int)),
            _ => format!("({name}: {})", this.of(Type::Int)),
        })
    }
}
