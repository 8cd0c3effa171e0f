//! Tests of the walk, on trees of their own.

use nixseal_base::fs::{Batch, Creation};

use super::*;

const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn encrypted() -> String {
    format!(
        "a: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\nsops:\n  age:\n  - enc: x\n    \
         recipient: {KEY}\n  lastmodified: \"2026-11-23T06:46:17Z\"\n  mac: x\n  version: 3.13.3\n"
    )
}

fn rules(expressions: &[&str]) -> String {
    let rules = expressions
        .iter()
        .map(|text| format!("- path_regex: '{text}'\n  age: {KEY}\n"));
    format!("creation_rules:\n{}", rules.collect::<String>())
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let batch = Batch::new();
    for (name, text) in files {
        let path = folder.path().join(name);
        batch
            .stage(&path, text.as_bytes(), Creation::PUBLIC)
            .unwrap();
    }
    batch.commit().unwrap();
    folder
}

fn shown(tree: &Tree, root: &Path) -> Vec<String> {
    let one = |file: &Covered| {
        let content = match &file.content {
            Content::Encrypted(file) => file.format().name(),
            Content::Damaged(_) => "damaged",
            Content::Clear => "clear",
            Content::Other => "other",
        };
        let path = file.path.strip_prefix(root).unwrap().display();
        format!("{path}: {content}, rule {}", file.rule)
    };
    tree.files.iter().map(one).collect()
}

#[test]
fn each_configuration_governs_its_folder() {
    let sops = encrypted();
    let folder = tree(&[
        (".git/HEAD", ""),
        (".git/secrets/a.yaml", &sops),
        (".sops.yaml", &rules(&["secrets/.*", "never"])),
        ("README.md", &sops),
        ("secrets/a.yaml", &sops),
        ("secrets/b.yaml", "a: sops"),
        ("secrets/c.age", "age-encryption.org/v1\n"),
        ("secrets/d.yaml.enc", &sops),
        ("secrets/e.yaml", &format!("<<<<<<< HEAD\n{sops}")),
        ("host/.sops.yaml", &rules(&["never", "^own"])),
        ("host/own.yaml", &sops),
        ("host/secrets/x.yaml", &sops),
        ("build/CACHEDIR.TAG", ""),
        ("build/secrets/x.yaml", &sops),
    ]);
    let root = folder.path();
    std::os::unix::fs::symlink(root.join("secrets"), root.join("result")).unwrap();
    let tree = walk(root, root);
    assert_eq!((tree.broken.len(), tree.odd.len()), (0, 0));
    assert_eq!(
        shown(&tree, root),
        [
            "host/own.yaml: yaml, rule 1",
            "secrets/a.yaml: yaml, rule 0",
            "secrets/b.yaml: clear, rule 0",
            "secrets/c.age: other, rule 0",
            "secrets/d.yaml.enc: yaml, rule 0",
            "secrets/e.yaml: damaged, rule 0",
        ]
    );
    let unused: Vec<_> = tree
        .unused_rules()
        .filter_map(|(config, rule)| {
            let path = config.path.strip_prefix(root).ok()?.to_str()?;
            Some((path, rule.path_regex.as_deref()?))
        })
        .collect();
    assert_eq!(
        unused,
        [(".sops.yaml", "never"), ("host/.sops.yaml", "never")]
    );
}

#[test]
fn a_walk_begins_at_the_configuration_within_the_work_tree() {
    let folder = tree(&[
        (".sops.yaml", &rules(&["x"])),
        ("repository/.git/HEAD", ""),
        ("repository/a/b/.keep", ""),
        ("plain/a/.keep", ""),
        ("own/.git/HEAD", ""),
        ("own/a/.sops.yaml", &rules(&["x"])),
        ("own/a/b/.keep", ""),
    ]);
    let at = |name: &str| {
        let root = root(&folder.path().join(name))?;
        Some(root.strip_prefix(folder.path()).ok()?.to_str()?.to_owned())
    };
    assert_eq!(at("repository/a/b").as_deref(), Some("repository"));
    assert_eq!(at("plain/a").as_deref(), Some(""));
    assert_eq!(at("own/a/b").as_deref(), Some("own/a"));
    let bare = tree(&[("a/.keep", "")]);
    assert_eq!(root(&bare.path().join("a")), None);
}

#[test]
fn what_is_broken_is_told_once() {
    let sops = encrypted();
    let folder = tree(&[
        (".sops.yaml", &rules(&["(", "x"])),
        ("a.yaml", &sops),
        ("b.yaml", &sops),
        ("c/.sops.yaml", "creation_rules: 7\n"),
        ("c/x.yaml", &sops),
    ]);
    let tree = walk(folder.path(), folder.path());
    let messages: Vec<String> = tree.broken.iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages
            .iter()
            .any(|text| text.contains(".sops.yaml:2:15: path_regex '('"))
    );
    assert!(tree.files.is_empty());
}

#[test]
fn a_file_of_nearly_that_name_is_told() {
    let folder = tree(&[(".sops.yaml", &rules(&["x"])), ("a/.sops.yml", "")]);
    let tree = walk(&folder.path().join("a"), folder.path());
    let [odd] = tree.odd.as_slice() else {
        panic!("{:?}", tree.odd);
    };
    assert_eq!(
        odd.message,
        "'a/.sops.yml' is not read: the name is .sops.yaml"
    );
}

#[test]
fn named_files_find_their_own_rules() {
    let sops = encrypted();
    let folder = tree(&[
        (".sops.yaml", &rules(&["^a"])),
        ("a.yaml", &sops),
        ("b.yaml", &sops),
        ("c/.sops.yaml", &rules(&["b"])),
        ("c/b.yaml", &sops),
    ]);
    let paths: Vec<PathBuf> = ["c/b.yaml", "a.yaml", "b.yaml", "a.yaml"]
        .map(|name| folder.path().join(name))
        .into();
    let (tree, without) = named(&paths, None, folder.path());
    assert_eq!(
        shown(&tree, folder.path()),
        ["a.yaml: yaml, rule 0", "c/b.yaml: yaml, rule 0"]
    );
    assert_eq!(without, [folder.path().join("b.yaml")]);
    assert_eq!(tree.configs.len(), 2);
}

#[test]
fn files_are_told_by_name_and_content() {
    let sops = encrypted();
    for (name, text, expected) in [
        ("a.yaml", sops.as_str(), Looks::Sops),
        ("a.yaml", "a: 1\n", Looks::Clear),
        ("a.yaml", "a: about sops\n", Looks::Perhaps),
        (
            "a.bin",
            "{ \"data\": \"ENC[AES256_GCM,\", \"sops\": {} }",
            Looks::Sops,
        ),
        ("a.md", &sops, Looks::Perhaps),
        ("a", "\0sops:\n", Looks::Clear),
    ] {
        let looks = Looks::of(Path::new(name), text.as_bytes());
        assert_eq!(looks, expected, "{name}: {text}");
    }
}
