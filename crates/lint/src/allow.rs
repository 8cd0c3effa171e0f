//! Comments that allow a finding: `# nixseal: allow RULE REASON`.
//!
//! One that stands alone is for the next line with something else on it, one behind something for
//! its own line; `allow-file` is for the whole file. Several rules are separated by commas.

use std::collections::BTreeSet;

use nixseal_base::span::Span;

use crate::rule::{self, Rule};
use crate::source::Text;
use crate::walk::Raw;

const BEGIN: &str = "nixseal:";

/// A comment that allows something.
struct Allow {
    span: Span,
    rules: Vec<&'static Rule>,
    /// The line that it is for, from 0; the whole file without.
    line: Option<usize>,
    used: BTreeSet<&'static str>,
}

/// Takes what comments allow out of `found`, and adds what is wrong with the comments.
pub(crate) fn apply(source: &Text<'_>, comments: &[Span], found: &mut Vec<Raw>) {
    let mut wrong = Vec::new();
    let mut allows: Vec<Allow> = Vec::new();
    for span in comments {
        match parse(source, *span) {
            Parsed::Nothing => {}
            Parsed::Allow(allow) => allows.push(allow),
            Parsed::Wrong(message) => wrong.push(finding(rule::BAD_ALLOW, *span, message)),
        }
    }
    found.retain(|raw| {
        let line = source.line_of(raw.span.start);
        let mut allowed = false;
        for allow in &mut allows {
            let fits = allow.line.is_none_or(|own| own == line)
                && allow.rules.iter().any(|rule| rule.id == raw.rule.id);
            if fits {
                allow.used.insert(raw.rule.id);
                allowed = true;
            }
        }
        !allowed
    });
    for allow in &allows {
        for rule in allow
            .rules
            .iter()
            .filter(|rule| !allow.used.contains(rule.id))
        {
            let message = format!("nothing here is a finding of '{}'", rule.id);
            wrong.push(finding(rule::UNUSED_ALLOW, allow.span, message));
        }
    }
    found.extend(wrong);
}

fn finding(rule: &'static Rule, span: Span, message: String) -> Raw {
    Raw {
        rule,
        span,
        message,
        help: rule.instead.to_owned(),
    }
}

enum Parsed {
    Nothing,
    Allow(Allow),
    Wrong(String),
}

fn parse(source: &Text<'_>, span: Span) -> Parsed {
    let comment = source.text.get(span.start..span.end).unwrap_or_default();
    let text = comment.trim_start_matches(['#', '/', '*', ' ', '\t']);
    let text = text.strip_suffix("*/").unwrap_or(text);
    let Some(rest) = text.strip_prefix(BEGIN) else {
        return Parsed::Nothing;
    };
    let (verb, rest) = word(rest);
    let whole = match verb {
        "allow" => false,
        "allow-file" => true,
        other => {
            return Parsed::Wrong(format!(
                "'{other}' is not known here; there are allow and allow-file"
            ));
        }
    };
    let (ids, reason) = word(rest);
    let mut rules = Vec::new();
    for id in ids.split(',').filter(|id| !id.is_empty()) {
        match rule::by_id(id) {
            Some(rule) => rules.push(rule),
            None => return Parsed::Wrong(format!("there is no rule '{id}'")),
        }
    }
    if rules.is_empty() {
        return Parsed::Wrong("it names no rule".to_owned());
    }
    if reason.trim().is_empty() {
        return Parsed::Wrong(format!("it gives no reason why '{ids}' is allowed"));
    }
    let line = (!whole).then(|| target(source, span));
    Parsed::Allow(Allow {
        span,
        rules,
        line,
        used: BTreeSet::new(),
    })
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

/// The line that a comment is for.
fn target(source: &Text<'_>, span: Span) -> usize {
    let own = source.line_of(span.start);
    let line = source.line(own).trim_start();
    if !line.starts_with('#') && !line.starts_with("/*") {
        return own;
    }
    let mut next = source.line_of(span.end) + 1;
    while next < own + 100 {
        let line = source.line(next).trim();
        if !line.is_empty() && !line.starts_with('#') {
            break;
        }
        next += 1;
    }
    next
}
