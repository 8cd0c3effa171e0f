//! One text.

use std::path::{Path, PathBuf};

use nixseal_base::span::Span;
use nixseal_nix::syntax::{Syntax, SyntaxFault};

use crate::allow;
use crate::files::Surroundings;
use crate::finding::{Finding, Place};
use crate::rule;
use crate::source::Text;
use crate::walk::{Raw, Walker};

/// What is known of a text.
#[derive(Debug, Default)]
pub struct Report {
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
    /// Encrypted files that the text names.
    pub declarations: Vec<Declaration>,
}

/// The encrypted file of a secret, as a configuration names it.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The option: `age.secrets.wifi`, `sops.defaultSopsFile`.
    pub option: String,
    /// The encrypted file, absolute.
    pub file: PathBuf,
    /// The Nix file, as it is to be shown.
    pub path: PathBuf,
    /// Where it says so.
    pub place: Place,
}

/// Looks at `text`, which stands at `path`, an absolute one; findings call it `shown`. Recurses as
/// deep as the text nests: give it a stack, as [`crate::on_big_stack`] does.
pub fn report(
    text: &str,
    path: Option<&Path>,
    shown: &Path,
    surroundings: &dyn Surroundings,
) -> Report {
    let source = Text::new(text);
    let syntax = match Syntax::parse(text) {
        Ok(syntax) => syntax,
        Err(error) => {
            let findings = vec![not_parsed(&source, shown, &error)];
            return Report {
                findings,
                ..Report::default()
            };
        }
    };
    let folder = path.and_then(Path::parent);
    let walker = Walker::run(&syntax, text, folder, surroundings);
    let is_full = walker.is_full();
    let Walker {
        mut found,
        secrets,
        declared,
        ..
    } = walker;
    allow::apply(&source, &syntax.comments, &mut found);
    found.sort_by_key(|raw| raw.span.start);
    let hidden = source.hidden(&secrets);
    let declarations = declared.into_iter().filter_map(|raw| {
        let folder = match raw.of_flake {
            true => folder?
                .ancestors()
                .find(|folder| surroundings.is_file(&folder.join("flake.nix")))?,
            false => folder?,
        };
        let relative = match raw.of_flake {
            true => raw.path.trim_start_matches('/'),
            false => &raw.path,
        };
        Some(Declaration {
            option: raw.option,
            file: plain(&folder.join(relative)),
            path: shown.to_owned(),
            place: source.place(raw.span, &hidden),
        })
    });
    let declarations = declarations.collect();
    let mut findings: Vec<Finding> = found
        .into_iter()
        .map(|raw| finish(&source, shown, raw, &hidden))
        .collect();
    if is_full {
        // Not everything was looked at, so nothing can be shown without a secret in it.
        findings.iter_mut().for_each(hide_line);
    }
    Report {
        findings,
        declarations,
    }
}

fn hide_line(finding: &mut Finding) {
    if let Some(place) = &mut finding.place {
        place.line.clear();
        (place.from, place.width) = (0, 0);
    }
}

/// The findings of [`report`] alone.
pub fn lint_text(
    text: &str,
    path: Option<&Path>,
    shown: &Path,
    surroundings: &dyn Surroundings,
) -> Vec<Finding> {
    report(text, path, shown, surroundings).findings
}

/// A path without `.` and `..`, by name.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// What a broken line holds is not known: none of it is shown.
fn not_parsed(source: &Text<'_>, shown: &Path, error: &SyntaxFault) -> Finding {
    let message = format!("this is not Nix, and was not looked at: {error}");
    let raw = Raw {
        rule: rule::NOT_PARSED,
        span: error.span,
        message: without_quote(&message),
        help: rule::NOT_PARSED.instead.to_owned(),
    };
    let mut finding = finish(source, shown, raw, &[]);
    hide_line(&mut finding);
    finding
}

/// Messages of the parser quote the token that is wrong; that may be part of a secret.
fn without_quote(message: &str) -> String {
    match (message.find('`'), message.find("`, ")) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}…{}", &message[..=begin], &message[end..])
        }
        _ => message.to_owned(),
    }
}

fn finish(source: &Text<'_>, shown: &Path, raw: Raw, secrets: &[Span]) -> Finding {
    Finding {
        rule: raw.rule,
        path: shown.to_owned(),
        place: Some(source.place(raw.span, secrets)),
        message: raw.message,
        help: raw.help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Flake;

    impl Surroundings for Flake {
        fn beginning(&self, _path: &Path) -> Option<Vec<u8>> {
            None
        }

        fn is_file(&self, path: &Path) -> bool {
            path == Path::new("/r/flake.nix")
        }
    }

    #[test]
    fn files_that_are_named_in_full_are_declared() {
        let text = "{ self, inputs, ... }: { age.secrets.a.file = ../a.age; age.secrets = { b.file = ./. + \"/b.age\";
            c.file = \"${self}/s/c.age\"; d.file = \"${inputs.x}/d.age\"; e.file = f \"e\"; };
            sops = { defaultSopsFile = inputs.self + \"/s.yaml\"; secrets.x.sopsFile = ./x.yaml; }; }";
        let report = report(
            text,
            Some(Path::new("/r/hosts/one/a.nix")),
            Path::new("a.nix"),
            &Flake,
        );
        let declared: Vec<(&str, &str)> = report
            .declarations
            .iter()
            .map(|one| (one.option.as_str(), one.file.to_str().unwrap()))
            .collect();
        assert_eq!(
            declared,
            [
                ("age.secrets.a", "/r/hosts/a.age"),
                ("age.secrets.b", "/r/hosts/one/b.age"),
                ("age.secrets.c", "/r/s/c.age"),
                ("sops.defaultSopsFile", "/r/s.yaml"),
                ("sops.secrets.x", "/r/hosts/one/x.yaml"),
            ]
        );
    }

    #[test]
    fn what_is_not_nix_is_a_note_that_shows_nothing() {
        let found = lint_text(
            "{ a = \"s3cret\"; b = hunter2hunter2 = 1; }",
            None,
            Path::new("a.nix"),
            &Flake,
        );
        assert_eq!(found.len(), 1);
        let shown = format!("{:?}{}", found[0].place, found[0].message);
        assert!(
            !shown.contains("s3cret") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
