//! One text.

use std::path::Path;

use nixseal_base::span::Span;
use nixseal_nix::syntax::Syntax;

use crate::allow;
use crate::files::Surroundings;
use crate::finding::Finding;
use crate::rule;
use crate::source::Text;
use crate::walk::{Raw, Walker};

/// Looks at `text`, which stands at `path`; findings call it `shown`. Recurses as deep as the text
/// nests: give it a stack, as [`crate::on_big_stack`] does.
pub fn lint_text(
    text: &str,
    path: Option<&Path>,
    shown: &Path,
    surroundings: &dyn Surroundings,
) -> Vec<Finding> {
    let source = Text::new(text);
    let syntax = match Syntax::parse(text) {
        Ok(syntax) => syntax,
        Err(error) => {
            let message = format!("this is not Nix, and was not looked at: {error}");
            let raw = Raw {
                rule: rule::NOT_PARSED,
                span: error.span,
                message: without_quote(&message),
                help: rule::NOT_PARSED.instead.to_owned(),
            };
            // What a broken line holds is not known: none of it is shown.
            let number = source.line_of(error.span.start);
            let all = Span::new(0, text.len());
            let mut finding = finish(&source, shown, raw, &[all]);
            if let Some(place) = &mut finding.place {
                place.line.clear();
                place.from = 0;
                place.width = 0;
                debug_assert_eq!(place.start.line, number + 1);
            }
            return vec![finding];
        }
    };
    let folder = path.and_then(Path::parent);
    let (mut found, mut secrets) = Walker::run(&syntax, text, folder, surroundings);
    allow::apply(&source, &syntax.comments, &mut found);
    found.sort_by_key(|raw| raw.span.start);
    secrets.sort_unstable();
    secrets.dedup();
    found
        .into_iter()
        .map(|raw| finish(&source, shown, raw, &secrets))
        .collect()
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
