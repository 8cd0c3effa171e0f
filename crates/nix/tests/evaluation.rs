//! What Debian's Nix is too old for or cannot be compared on: newer syntax,
//! limits, files and variables.

use std::path::Path;

use nixseal_base::env::{Environment, HOME, NIX_PATH, SOPS_AGE_KEY};
use nixseal_nix::eval::{NixError, expression_to_json, file_to_json};
use nixseal_testkit::Workdir;

fn json(text: &str) -> String {
    evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn evaluate(text: &str) -> Result<String, NixError> {
    expression_to_json(text, Path::new("/nonexistent"), &Environment::default())
}

#[test]
fn pipes() {
    assert_eq!(
        json("[ 3 1 2 ] |> map (x: x * 2) |> builtins.sort builtins.lessThan"),
        "[2,4,6]"
    );
    assert_eq!(json("toString <| builtins.add 1 <| 2 * 3"), "\"7\"");
    let mixed = evaluate("builtins.add 1 <| 2 |> builtins.mul 5");
    assert!(matches!(mixed, Err(NixError::Syntax(_))), "they do not mix");
    assert_eq!(
        json("\"a\" |> (x: x + \"b\") |> builtins.stringLength"),
        "2"
    );
}

#[test]
fn builtins_that_are_newer() {
    assert_eq!(json("builtins.readFileType /. "), "\"directory\"");
    assert_eq!(json("builtins.warn \"careful\" 1"), "1");
    assert_eq!(
        json("builtins.groupBy (x: toString (x > 1)) [ 1 2 3 ]"),
        r#"{"":[1],"1":[2,3]}"#
    );
}

#[test]
fn integers_that_overflow_are_errors() {
    for text in [
        "9223372036854775807 + 1",
        "-9223372036854775807 - 2",
        "4611686018427387904 * 2",
        "(-9223372036854775807 - 1) / -1",
        "- (-9223372036854775807 - 1)",
        "builtins.ceil 9.3e18",
    ] {
        assert!(
            matches!(evaluate(text), Err(NixError::Evaluation(_))),
            "{text}"
        );
    }
    assert_eq!(json("-9223372036854775807 - 1"), "-9223372036854775808");
}

#[test]
fn whatever_needs_a_store_is_unsupported() {
    for text in [
        "derivation { name = \"x\"; builder = \"x\"; system = \"x\"; }",
        "builtins.getFlake \"nixpkgs\"",
        "builtins.fetchTarball \"https://example.org/x.tar.gz\"",
        "\"${/.}\"",
        "\"\" + /.",
        "builtins.toJSON /.",
        "/.",
        "builtins.currentTime",
        "import <nixpkgs> { }",
        "builtins.getEnv \"USER\"",
        "builtins.tryEval (builtins.fetchurl \"x\")",
        "~/key",
    ] {
        let result = evaluate(text);
        assert!(
            matches!(result, Err(NixError::Unsupported(_))),
            "{text}: {result:?}"
        );
    }
}

#[test]
fn only_lib_of_nixpkgs_is_there() {
    let nixpkgs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nixpkgs");
    let environment =
        Environment::default().with(&NIX_PATH, format!("nixpkgs={}", nixpkgs.display()));
    let evaluate = |text: &str| expression_to_json(text, Path::new("/"), &environment);
    assert_eq!(
        evaluate("(import <nixpkgs> { }).lib.head [ 1 ]").unwrap(),
        "1"
    );
    for text in [
        "(import <nixpkgs> { }).hello",
        "(import <nixpkgs> { }) ? hello",
        "with import <nixpkgs> { }; hello",
        "builtins.attrNames (import <nixpkgs> { })",
        "import <nixpkgs> { } == { }",
        "(import <nixpkgs> { } // { a = 1; }).b",
        "<nixos-config>",
    ] {
        assert!(
            matches!(evaluate(text), Err(NixError::Unsupported(_))),
            "{text}"
        );
    }
    assert_eq!(
        evaluate("(import <nixpkgs> { } // { a = 1; }).a").unwrap(),
        "1"
    );
    assert_eq!(
        evaluate("(import <nixpkgs/lib/default.nix>).flatten [ [ 1 ] 2 ]").unwrap(),
        "[1,2]"
    );
}

#[test]
fn variables_of_the_environment_come_from_the_given_one() {
    let environment = Environment::default()
        .with(&HOME, "/home/alice")
        .with(&SOPS_AGE_KEY, "AGE-SECRET-KEY-1X");
    let evaluate = |text: &str| expression_to_json(text, Path::new("/"), &environment);
    assert_eq!(
        evaluate("builtins.getEnv \"HOME\"").unwrap(),
        "\"/home/alice\""
    );
    assert_eq!(evaluate("toString ~/keys").unwrap(), "\"/home/alice/keys\"");
    assert_eq!(evaluate("builtins.getEnv \"EDITOR\"").unwrap(), "\"\"");
    let secret = evaluate("builtins.getEnv \"SOPS_AGE_KEY\"").unwrap_err();
    assert!(matches!(secret, NixError::Unsupported(_)), "{secret}");
}

/// Each of these would need more stack, time or memory than there is.
#[test]
fn hostile_input_ends_with_an_error() {
    for text in [
        "let f = x: f (x + 1); in f 0",
        "let f = x: 1 + f (x + 1); in f 0",
        "let f = x: [ (f (x + 1)) ]; in f 0",
        "let f = x: { a = f (x + 1); }; in builtins.deepSeq (f 0) 1",
        "let f = x: { a = f (x + 1); }; in f 0 == f 0",
        "let f = n: builtins.foldl' (a: b: a + f (n + 1)) 0 [ 1 2 ]; in f 0",
        "let f = s: f (s + s); in f \"aaaaaaaaaaaaaaaa\"",
        "let f = { __toString = self: \"${self}\"; }; in \"${f}\"",
        "let f = { __functor = self: self; }; in f 1",
        "builtins.genList (x: x) 1000000000000",
        "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = i: [ { key = i.key + 1; } ]; }",
        "let f = x: map f [ x ]; in builtins.toJSON (f 1)",
        "let f = x: builtins.concatMap f [ x x ]; in f 1",
        "let f = x: f x; in builtins.sort (a: b: f a) [ 1 2 ]",
        "let s = n: if n == 0 then \"x\" else s (n - 1) + s (n - 1); in s 60",
        "builtins.match \"(((a{1,200}){1,200}){1,200}){1,200}\" \"a\"",
        "builtins.fromJSON (builtins.concatStringsSep \"\" (builtins.genList (x: \"[\") 100000))",
        "let a = { inherit a; }; b = { a = b; }; in a == b",
        "let x = { y = x; }; in builtins.toJSON x",
    ] {
        let result = evaluate(text);
        assert!(
            matches!(result, Err(NixError::Limit(_) | NixError::Evaluation(_))),
            "{text}"
        );
    }
}

#[test]
fn deep_nesting_ends_with_an_error() {
    let ways = [
        "(",
        "[",
        "[ ) ",
        "{ a = ",
        "x: ",
        "!",
        "- ",
        "a ++ ",
        "let a = 1; in ",
        "with a; ",
    ];
    let more = [
        "if a then b else ",
        "\"${",
        "''${",
        "f ",
        "a -> ",
        "{ a ? ",
        "a.b or ",
        "rec { ",
        "1 + ",
    ];
    for way in ways.into_iter().chain(more) {
        for count in [300, 600, 9_000, 100_000] {
            let result = evaluate(&way.repeat(count));
            assert!(result.is_err(), "{way} {count}");
            let closed = format!("{}1{}", way.repeat(count), closing(way).repeat(count));
            let result = evaluate(&closed);
            let known = matches!(
                result,
                Ok(_)
                    | Err(NixError::Limit(_)
                        | NixError::Unsupported(_)
                        | NixError::Evaluation(_)
                        | NixError::Syntax(_))
            );
            assert!(known, "{way} {count}");
        }
    }
    // Within the limits it is evaluated.
    assert_eq!(
        json(&format!("{}1{}", "(".repeat(400), ")".repeat(400))),
        "1"
    );
    assert_eq!(
        json(&format!(
            "builtins.length ({}[ ])",
            "[ 1 ] ++ ".repeat(2_000)
        )),
        "2000"
    );
    assert_eq!(json(&format!("0{}", " + 1".repeat(2_000))), "2000");
}

fn closing(way: &str) -> &'static str {
    match way {
        "(" => ")",
        "[" => "]",
        "{ a = " => "; }",
        "\"${" => "}\"",
        "''${" => "}''",
        _ => "",
    }
}

/// The lexer looks for the end of a path at the start of every token; that must
/// not make it look at the same characters again and again.
#[test]
fn long_runs_of_path_characters_are_read_once() {
    assert!(matches!(
        evaluate(&"a.".repeat(1 << 20)),
        Err(NixError::Syntax(_))
    ));
    assert!(matches!(
        evaluate(&"1+".repeat(4_000)),
        Err(NixError::Syntax(_))
    ));
    let long = format!("builtins.stringLength \"{}\"", "aGVsbG8/".repeat(100_000));
    assert_eq!(json(&long), "800000");
}

#[test]
fn files_have_to_be_files_of_a_sane_size() {
    let folder = Workdir::new();
    let environment = Environment::default();
    let large = folder.write("large.nix", format!("# {}\n1", "x".repeat(5 << 20)));
    assert!(matches!(
        file_to_json(&large, &environment),
        Err(NixError::Limit(_))
    ));
    let huge = folder.write("huge.txt", "x".repeat(17 << 20));
    let text = format!(
        "builtins.stringLength (builtins.readFile {})",
        huge.display()
    );
    assert!(matches!(evaluate(&text), Err(NixError::Limit(_))));
    let binary = folder.write("binary.nix", [0xff, 0xfe]);
    assert!(matches!(
        file_to_json(&binary, &environment),
        Err(NixError::Syntax(_))
    ));
    for text in [
        "builtins.readFile /dev/zero",
        "import /dev/null",
        "builtins.readFile /.",
    ] {
        assert!(matches!(evaluate(text), Err(NixError::Read(_))), "{text}");
    }
}

#[test]
fn files_that_import_each_other_end_with_an_error() {
    let folder = Workdir::new();
    folder.write("a.nix", "import ./b.nix");
    folder.write("b.nix", "import ./a.nix");
    let error = file_to_json(&folder.join("a.nix"), &Environment::default()).unwrap_err();
    assert!(error.to_string().contains("infinite recursion"), "{error}");
    folder.write("c.nix", "{ x = 1; y = (import ./d.nix).z; }");
    folder.write("d.nix", "{ z = (import ./c.nix).x + 1; }");
    let value = file_to_json(&folder.join("c.nix"), &Environment::default()).unwrap();
    assert_eq!(value, r#"{"x":1,"y":2}"#);
}

#[test]
fn links_are_followed_before_relative_paths() {
    let folder = Workdir::new();
    folder.write("real/rules.nix", "import ./key.nix");
    folder.write("real/key.nix", "\"real\"");
    folder.write("key.nix", "\"wrong\"");
    folder.symlink("real/rules.nix", "secrets.nix");
    let value = file_to_json(&folder.join("secrets.nix"), &Environment::default()).unwrap();
    assert_eq!(value, "\"real\"");
}

#[test]
fn mistakes_in_a_library_tell_who_called() {
    let folder = Workdir::new();
    let lib = folder.write("lib/default.nix", "{\n  f = x: x.missing;\n}\n");
    let file = folder.write("secrets.nix", "let\n  lib = import <lib>;\nin\nlib.f { }\n");
    let environment =
        Environment::default().with(&NIX_PATH, format!("lib={}", folder.join("lib").display()));
    let error = file_to_json(&file, &environment).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{}:2:12: attribute 'missing' is missing", lib.display())
    );
    let caller = format!("called from {}:4:1", file.display());
    assert_eq!(error.diagnostic().hints, [caller]);
}

#[test]
fn strings_are_bytes_inside() {
    let text = r#"let s = "é"; in builtins.substring 0 1 s + builtins.substring 1 1 s"#;
    assert_eq!(json(text), "\"é\"");
    assert!(evaluate("builtins.substring 0 1 \"é\"").is_err());
}

/// The library of nixpkgs tests itself; its folder is given by `NIXPKGS_LIB`.
#[cfg(feature = "nixpkgs")]
#[test]
fn the_library_of_nixpkgs_passes_its_own_tests() {
    #[expect(clippy::disallowed_methods, reason = "where a person has the library")]
    let library = std::env::var_os("NIXPKGS_LIB").expect("NIXPKGS_LIB names the library");
    let library = Path::new(&library);
    for file in ["tests/systems.nix", "tests/fetchers.nix"] {
        let value = file_to_json(&library.join(file), &Environment::default());
        assert_eq!(value.expect(file), "[]", "{file}");
    }
    let text = format!(
        "let lib = import {}; value = name: builtins.tryEval (builtins.seq lib.${{name}} true); \
         in builtins.length (map value (builtins.attrNames lib)) > 400",
        library.display()
    );
    assert_eq!(json(&text), "true");
}
