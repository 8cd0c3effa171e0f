//! Secrets inside of texts: tokens, keys, hashes, URLs, lines of configuration files, commands.

use nixseal_base::span::Span;
use nixseal_nix::syntax::{Node, Part, Tree};

use crate::rule::{self, Rule};
use crate::shapes;
use crate::value::{Value, is_hash, is_placeholder, is_public, is_reference, judge, looks_made};
use crate::walk::Walker;
use crate::words::{Naming, naming};

/// Looks at a text, wherever it stands.
pub(super) fn visit<'t>(walker: &mut Walker<'t>, tree: &'t Tree) {
    if walker.is_claimed(tree.span) || walker.is_full() {
        return;
    }
    let uri;
    let parts: Vec<(&str, bool)> = match &tree.node {
        Node::Text(parts) => texts(parts),
        Node::Uri(text) => {
            uri = String::from_utf8_lossy(text).into_owned();
            vec![(uri.as_str(), false)]
        }
        _ => return,
    };
    // Short texts are most, and hold none of what is looked for here.
    if parts.iter().all(|(text, _)| text.len() < 6) {
        return;
    }
    let place = Place { tree };
    for (text, goes_on) in parts {
        look(walker, &place, text, goes_on);
    }
}

/// The texts between interpolations, and whether an interpolation follows.
fn texts(parts: &[Part]) -> Vec<(&str, bool)> {
    let mut texts = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if let Part::Text(bytes) = part
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            texts.push((text, index + 1 < parts.len()));
        }
    }
    texts
}

struct Place<'t> {
    tree: &'t Tree,
}

impl Place<'_> {
    /// Where `token`, a part of the text, stands; the whole text where that is not plain.
    fn of(&self, walker: &Walker<'_>, token: &str) -> Span {
        let span = self.tree.span;
        let raw = walker.text.get(span.start..span.end).unwrap_or_default();
        match raw.find(token) {
            Some(at) if !token.is_empty() => {
                Span::new(span.start + at, span.start + at + token.len())
            }
            _ => span,
        }
    }
}

fn look(walker: &mut Walker<'_>, place: &Place<'_>, text: &str, goes_on: bool) {
    if let Some(range) = shapes::private_key(text) {
        let begin = text[range].lines().next().unwrap_or_default().to_owned();
        let span = place.of(walker, &begin);
        walker.claim(place.tree.span);
        walker.hide(place.tree.span);
        let message = "a private key stands here in clear".to_owned();
        walker.report(rule::LITERAL_PRIVATE_KEY, span, message);
        return;
    }
    for hit in shapes::find(text) {
        if walker.is_full() {
            return;
        }
        let (rule, kind) = match hit.shape.is_private_key {
            true => (rule::LITERAL_PRIVATE_KEY, hit.shape.name),
            false => (rule::LITERAL_TOKEN, hit.shape.name),
        };
        let token = &text[hit.range];
        let rule = if is_line_of_tokens(text, token) {
            rule::ACCESS_TOKENS
        } else {
            rule
        };
        report(
            walker,
            place,
            rule,
            token,
            format!("{kind} stands here in clear"),
        );
    }
    if walker.is_documentation() {
        return;
    }
    hashes(walker, place, text);
    urls(walker, place, text, goes_on);
    lines(walker, place, text, goes_on);
}

/// Reports a part of a text once.
fn report(
    walker: &mut Walker<'_>,
    place: &Place<'_>,
    rule: &'static Rule,
    token: &str,
    message: String,
) {
    if walker.is_full() {
        return;
    }
    let span = place.of(walker, token);
    if walker.claim(span) {
        walker.hide(span);
        walker.report(rule, span, message);
    }
}

fn hashes(walker: &mut Walker<'_>, place: &Place<'_>, text: &str) {
    if !text.contains('$') && !text.contains('{') {
        return;
    }
    let ends = |one: char| one.is_whitespace() || matches!(one, '"' | '\'' | ';');
    for word in text.split(ends).filter(|word| word.len() >= 20) {
        let behind = word.split_once('=').map_or(word, |(_, behind)| behind);
        if let Some(hash) = [word, behind].into_iter().find(|text| is_hash(text)) {
            let message = "the hash of a password stands here".to_owned();
            report(walker, place, rule::PASSWORD_HASH, hash, message);
        }
    }
}

/// `https://user:password@host`, `?token=…`.
fn urls(walker: &mut Walker<'_>, place: &Place<'_>, text: &str, goes_on: bool) {
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        rest = &rest[at + 3..];
        let end = rest
            .find(|one: char| one.is_whitespace() || matches!(one, '"' | '\'' | '<' | '>' | '`'));
        let url = &rest[..end.unwrap_or(rest.len())];
        let cut = goes_on && end.is_none();
        let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
        if let Some((user, password)) = authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            && password != user
            && judge(password, Naming::Password) == Value::Secret
        {
            let message = "the password of a URL stands here in clear".to_owned();
            report(walker, place, rule::TOKEN_IN_URL, password, message);
        }
        let query = url.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split(['&', '#']) {
            let last = query.ends_with(pair);
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let is_secret =
                naming(name).is_some() || matches!(name, "key" | "sig" | "auth" | "signature");
            if is_secret
                && !(cut && last)
                && looks_made(value)
                && judge(value, Naming::Token) == Value::Secret
            {
                report(
                    walker,
                    place,
                    rule::TOKEN_IN_URL,
                    value,
                    "a token in a URL stands here in clear".to_owned(),
                );
            }
        }
    }
}

fn is_line_of_tokens(text: &str, token: &str) -> bool {
    text.lines()
        .any(|line| line.contains("access-tokens") && line.contains(token))
}

/// Lines such as `password = hunter2`, `export TOKEN=abc`, `--api-key=abc`.
fn lines(walker: &mut Walker<'_>, place: &Place<'_>, text: &str, goes_on: bool) {
    let count = text.lines().count();
    for (number, line) in text.lines().enumerate() {
        let cut = goes_on && number + 1 == count && !text.ends_with('\n');
        let trimmed = line.trim_start();
        if trimmed.starts_with(['#', ';']) || trimmed.starts_with("//") {
            continue;
        }
        if trimmed.starts_with("access-tokens") || trimmed.starts_with("extra-access-tokens") {
            access_tokens(walker, place, trimmed);
            continue;
        }
        netrc(walker, place, trimmed);
        pairs(walker, place, line, cut);
        words(walker, place, trimmed);
    }
}

fn access_tokens(walker: &mut Walker<'_>, place: &Place<'_>, line: &str) {
    let tokens = line
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .map(|(_, token)| token);
    for token in tokens {
        if token.len() >= 8 && !is_placeholder(token) && !is_reference(token) && !is_public(token) {
            report(
                walker,
                place,
                rule::ACCESS_TOKENS,
                token,
                "a token of Nix stands here in clear".to_owned(),
            );
        }
    }
}

/// `machine HOST login USER password SECRET`.
fn netrc(walker: &mut Walker<'_>, place: &Place<'_>, line: &str) {
    let mut words = line.split_whitespace();
    if !line.contains("login ") && !line.contains("machine ") && !line.starts_with("password ") {
        return;
    }
    let is_netrc =
        line.contains("machine ") || walker.path().iter().any(|name| name.contains("netrc"));
    while let Some(word) = words.next() {
        if word == "password"
            && is_netrc
            && let Some(password) = words.next()
            && judge(password, Naming::Password) == Value::Secret
        {
            report(
                walker,
                place,
                rule::LITERAL_SECRET,
                password,
                "a password stands here in clear".to_owned(),
            );
        }
    }
}

/// Every `name=value` and `name: value` of a line whose name is that of a secret.
fn pairs(walker: &mut Walker<'_>, place: &Place<'_>, line: &str, cut: bool) {
    for (at, sign) in line.match_indices(['=', ':']) {
        let before = line[..at].trim_end_matches([' ', '\t', '"', '\'', '+', '?', ':']);
        let start = before
            .rfind(|one: char| !(one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.')))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let name = &before[start..];
        let Some(kind) = naming(name) else {
            continue;
        };
        let is_flag = name.starts_with("--");
        let behind = line[at + sign.len()..].trim_start_matches([' ', '\t']);
        if behind.starts_with(['=', '/'])
            || sign == ":" && !line[at + 1..].starts_with([' ', '\t', '"', '\''])
        {
            continue;
        }
        let (value, closed) = unquoted(behind);
        let runs_out = value.len() == behind.trim_end().len() && !closed;
        // `PASSWORD :'name'` is a variable of psql.
        let apart = sign == ":" && line[..at].ends_with([' ', '\t']);
        if value.is_empty() || apart || cut && runs_out {
            continue;
        }
        // In prose and scripts plain words are no secrets.
        let kind = match kind {
            Naming::Password if value.len() >= 5 && is_setting(line, name) => Naming::Password,
            _ => Naming::Token,
        };
        if judge(value, kind) != Value::Secret {
            continue;
        }
        let (rule, what) = match (is_flag, is_environment(walker, name)) {
            (true, _) => (
                rule::SECRET_ARGUMENT,
                "a secret on a command line stands here in clear",
            ),
            (_, true) => (
                rule::SECRET_ENVIRONMENT,
                "a secret for an environment stands here in clear",
            ),
            _ => (rule::LITERAL_SECRET, "a secret stands here in clear"),
        };
        report(walker, place, rule, value, format!("{what}: '{name}'"));
    }
}

/// A value without quotes, up to what ends it; and whether quotes ended it.
fn unquoted(text: &str) -> (&str, bool) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            // Shells join texts: `'"$NAME"'` is a variable between two texts.
            return match inner.find(quote) {
                Some(end) if end > 1 && inner.starts_with(['"', '\'']) => {
                    (unquoted(&inner[..end]).0, true)
                }
                Some(end) => (&inner[..end], true),
                None => (inner, false),
            };
        }
    }
    let end = text.find(|one: char| {
        one.is_whitespace() || matches!(one, ';' | ',' | ')' | '}' | '&' | '|' | '"' | '\'')
    });
    (&text[..end.unwrap_or(text.len())], false)
}

/// Whether a line is nothing but a setting: the name is all that stands before the sign.
fn is_setting(line: &str, name: &str) -> bool {
    let line = line.trim_start().trim_start_matches(['"', '\'']);
    let line = line.strip_prefix("export ").unwrap_or(line);
    let behind_name = line.strip_prefix(name);
    let words = line.split_whitespace().take(5).count();
    behind_name.is_some() && words <= 4
        || name.starts_with("--")
        || name
            .chars()
            .all(|one| one.is_ascii_uppercase() || one == '_')
}

fn is_environment(walker: &Walker<'_>, name: &str) -> bool {
    let upper = !name.is_empty()
        && name
            .chars()
            .all(|one| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_');
    upper
        && walker.path().iter().any(|name| {
            matches!(
                *name,
                "Environment" | "environment" | "extraEnvironment" | "serviceConfig"
            )
        })
}

/// `--token VALUE`, `requirepass VALUE`, `PGPASSWORD=…` is a pair.
fn words(walker: &mut Walker<'_>, place: &Place<'_>, line: &str) {
    let mut words = line.split_whitespace().peekable();
    let mut first = true;
    while let Some(word) = words.next() {
        let flag = word.strip_prefix("--").filter(|name| !name.contains('='));
        let directive = first
            && matches!(
                word,
                "requirepass" | "masterauth" | "wpa_passphrase" | "rpcpassword"
            );
        first = false;
        let kind = flag
            .and_then(naming)
            .or(directive.then_some(Naming::Password));
        let (Some(kind), Some(next)) = (kind, words.peek()) else {
            continue;
        };
        let value = next.trim_matches(['"', '\'', ';', '\\']);
        let kind = if value.len() < 5 { Naming::Token } else { kind };
        if !value.starts_with('-') && judge(value, kind) == Value::Secret {
            let rule = if directive {
                rule::LITERAL_SECRET
            } else {
                rule::SECRET_ARGUMENT
            };
            report(
                walker,
                place,
                rule,
                value,
                format!("a secret stands here in clear, behind '{word}'"),
            );
        }
    }
}
