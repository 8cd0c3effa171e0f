//! What the docs say: the option reference is as the modules are, every configuration in them evaluates, links lead
//! somewhere, and the index has every page.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use nixseal_testkit::Workdir;

use crate::nix::{Nix, project};

/// `nix/docs/write-options` writes the pages anew.
#[test]
fn the_option_reference_is_as_the_modules_are() {
    let nix = Nix::new();
    let pages = nix.evaluate(&format!(
        "import {}",
        project("nix/docs/options.nix").display()
    ));
    for platform in ["nixos", "home", "darwin"] {
        let path = project(&format!("docs/reference/options/{platform}.md"));
        let written = fs::read_to_string(&path).expect("read a page of the reference");
        let made = pages[platform].as_str().expect("a page");
        assert!(
            written.trim_end() == made.trim_end(),
            "{} is old; run nix/docs/write-options",
            path.display()
        );
    }
}

/// A configuration in a page: what it is for, and its text.
struct Example {
    page: String,
    platform: String,
    text: String,
}

/// Those marked with `<!-- nixos -->`, `<!-- darwin -->` or `<!-- home -->` on the line before.
fn examples(page: &Path) -> Vec<Example> {
    let text = fs::read_to_string(page).expect("read a page");
    let name = page
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(platform) = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(" -->"))
            .filter(|word| ["nixos", "darwin", "home"].contains(word))
        else {
            continue;
        };
        assert_eq!(
            lines.next(),
            Some("```nix"),
            "{name}: a block of Nix follows the mark"
        );
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push(Example {
            page: name.clone(),
            platform: platform.to_owned(),
            text: block.join("\n"),
        });
    }
    found
}

/// Every file that a configuration names by a relative path, so that it is there.
fn make_files(folder: &Workdir, at: &str, text: &str) {
    for word in text.split(|letter: char| letter.is_whitespace() || "\";()[]{}".contains(letter)) {
        if let Some(path) = word.strip_prefix("./").filter(|path| *path != ".") {
            folder.write(format!("{at}/{path}"), "encrypted");
        }
    }
    for path in [
        "secrets/wifi.age",
        "secrets/password.age",
        "secrets/secrets.yaml",
    ] {
        folder.write(format!("{at}/{path}"), "encrypted");
    }
}

/// All Markdown files in a folder and below, sorted.
fn pages_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("list a folder") {
        let path = entry.expect("read a list").path();
        if path.is_dir() {
            found.extend(pages_in(&path));
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The files that a page links to.
fn links(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).expect("read a page");
    let folder = page.parent().expect("a folder");
    let targets = text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        (!target.is_empty() && !target.contains("://")).then(|| folder.join(target))
    });
    targets.collect()
}

#[test]
fn links_lead_somewhere_and_the_index_has_every_page() {
    let pages = pages_in(&project("docs"));
    for page in pages.iter().chain(&[project("README.md")]) {
        for link in links(page) {
            let (page, link) = (page.display(), link.display());
            assert!(
                fs::exists(link.to_string()).expect("look for a file"),
                "{page}: there is no {link}"
            );
        }
    }
    let index = project("docs/README.md");
    let linked: BTreeSet<_> = links(&index)
        .iter()
        .map(|link| link.canonicalize().expect("a path"))
        .collect();
    for page in pages.iter().filter(|page| **page != index) {
        let path = page.canonicalize().expect("a path");
        assert!(linked.contains(&path), "{} is not in it", page.display());
    }
}

#[test]
fn every_configuration_in_the_docs_evaluates() {
    let nix = Nix::new();
    let mut pages = pages_in(&project("docs/how-to"));
    pages.extend(pages_in(&project("docs/getting-started")));

    let mut expression = format!(
        "let evaluate = import {0}/evaluate.nix {{ lib = import {0}/lib.nix; }};\n\
         view = import {0}/view.nix {{ lib = import {0}/lib; }};\n\
         one = platform: file: let config = (evaluate.${{platform}} [ (import {0}/docs.nix platform) file ]).config;\n\
           in {{ failed = view.failed config; manifests = builtins.attrNames config.nixseal.manifests;\n\
             text = builtins.deepSeq (view.manifests config) null; }};\nin [\n",
        project("nix/tests").display()
    );
    let mut names = Vec::new();
    for (number, example) in pages.iter().flat_map(|page| examples(page)).enumerate() {
        let at = format!("docs/{number}");
        make_files(nix.folder(), &at, &example.text);
        let file = nix
            .folder()
            .write(format!("{at}/configuration.nix"), &example.text);
        writeln!(
            expression,
            "(one \"{}\" {})",
            example.platform,
            file.display()
        )
        .expect("write to a text");
        names.push((example.page, example.text));
    }
    expression.push(']');
    assert!(
        names.len() >= 12,
        "only {} configurations were found",
        names.len()
    );

    let results = nix.evaluate(&expression);
    for ((page, text), result) in names.iter().zip(results.as_array().expect("a list")) {
        assert_eq!(result["failed"], serde_json::json!([]), "{page}:\n{text}");
        assert_ne!(
            result["manifests"],
            serde_json::json!([]),
            "{page} installs nothing:\n{text}"
        );
    }
}
