//! What looks like a secret: tokens that say what they are, private keys, password hashes.
//!
//! Each shape has a beginning that is hardly found elsewhere, and rules for what follows it: length,
//! letters, what stands before and after, and enough variety. Examples of manuals are no secrets.

mod rules;

use aho_corasick::AhoCorasick;

use crate::finding::Subject;
use rules::{RULES, Rule};

/// Where a shape stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Number of the rule.
    pub kind: usize,
}

/// A search for all shapes.
pub struct Shapes {
    beginnings: AhoCorasick,
    /// The rule of each beginning.
    rules: Vec<usize>,
}

impl Shapes {
    /// Most bytes of a shape that are looked at.
    pub const LONGEST: usize = 8192;

    /// Prepares the search.
    ///
    /// # Panics
    /// Never: the beginnings are few and fixed.
    pub fn new() -> Self {
        let pairs = || {
            let all = RULES.iter().enumerate();
            all.flat_map(|(number, rule)| rule.beginnings.iter().map(move |text| (number, *text)))
        };
        let beginnings = AhoCorasick::new(pairs().map(|(_, text)| text));
        Self {
            beginnings: beginnings.expect("a few fixed words make an automaton"),
            rules: pairs().map(|(number, _)| number).collect(),
        }
    }

    /// Adds every shape in `text`, sorted by its begin; none within another of its kind.
    pub fn search(&self, text: &[u8], found: &mut Vec<Shape>) {
        let mut done = 0;
        for begin in self.beginnings.find_iter(text) {
            if begin.start() < done {
                continue;
            }
            let Some(kind) = self.rules.get(begin.pattern().as_usize()).copied() else {
                continue;
            };
            let rule = &RULES[kind];
            if let Some(end) = rule.matches(text, begin.start(), begin.end()) {
                let start = begin.start();
                done = end;
                found.push(Shape { start, end, kind });
            }
        }
    }

    /// How shapes begin, each with the id of its shape.
    pub fn beginnings() -> impl Iterator<Item = (&'static str, &'static str)> {
        let all = RULES.iter();
        all.flat_map(|rule| rule.beginnings.iter().map(|text| (*text, rule.id)))
    }

    /// Ids of all shapes and what they are.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        RULES.iter().map(|rule| (rule.id, rule.what))
    }
}

impl Default for Shapes {
    fn default() -> Self {
        Self::new()
    }
}

/// What a finding says of a shape.
pub(crate) fn subject(kind: usize) -> Subject {
    let (id, what) = RULES
        .get(kind)
        .map_or(("", ""), |Rule { id, what, .. }| (*id, *what));
    Subject::Shape { id, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that no scanner takes this file for a leak.
    fn examples() -> Vec<(&'static str, String)> {
        let word =
            "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5zA7bC9dE2fG4hJ6kL8mN1pQ3rS5tU7vW9xY2zA4bC6dE8fG";
        let hex = "4f1c9a0b2d7e83561f0c9a8b7d6e5f4031c29a0b8d7e6f5a4b3c2d1e0f9a8b7c";
        let crypt = "kJ8/hG5.fD2sA9qW6eR3tY0uI7oP4lK1jH8gF5dS2aZ9xC6vB3nM0mQ7wE4rT1yU8iO5pL2kJ9hG6fD3sA0qWe";
        vec![
            ("aws-access-key", format!("AKIA{}", "Q3EGRZT7VLW2PXKD")),
            ("github-token", format!("ghp_{}", &word[..36])),
            ("github-token", format!("github_pat_{}_{}", &word[..22], &word[..59])),
            ("gitlab-token", format!("glpat-{}", &word[..20])),
            ("slack-token", format!("xoxb-{}-{}", "291837465012-384756102938", &word[..24])),
            ("slack-webhook", format!("hooks.slack.com/services/T024BE7LD/B19QH2XYZ/{}", &word[..24])),
            ("stripe-key", format!("sk_live_{}", &word[..24])),
            ("live-key", format!("sk-live-{}", &word[..24])),
            ("slack-token", format!("xapp-1-A024BE7LDQ2-291837465012-{}", &hex[..40])),
            ("google-token", format!("ya29.{}", &word[..60])),
            ("hugging-face-token", format!("hf_{}", &word[..34])),
            ("docker-token", format!("dckr_pat_{}", &word[..27])),
            ("vault-token", format!("hvs.{}", &word[..60])),
            ("shopify-token", format!("shpat_{}", &hex[..32])),
            ("linear-key", format!("lin_api_{}", &word[..40])),
            ("fly-token", format!("fm2_{}", &word[..80])),
            ("sourcegraph-token", format!("sgp_{}", &hex[..40])),
            ("grafana-token", format!("glsa_{}_{}", &word[..32], &hex[..8])),
            ("atlassian-token", format!("ATATT3{}", &word[..72])),
            ("discord-webhook", format!("discord.com/api/webhooks/291837465012384756/{}", &word[..68])),
            ("doppler-token", format!("dp.pt.{}", &word[..43])),
            ("pulumi-token", format!("pul-{}", &hex[..40])),
            ("ai-key", format!("sk-ant-api03-{}", &word[..80])),
            ("google-api-key", format!("AIza{}", &word[..35])),
            ("npm-token", format!("npm_{}", &word[..36])),
            ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", &word[..80])),
            ("sendgrid-key", format!("SG.{}.{}", &word[..22], &word[..43])),
            ("digitalocean-token", format!("dop_v1_{hex}")),
            ("tailscale-key", format!("tskey-auth-{}-{}", &word[..12], &word[..32])),
            ("age-secret-key", format!("AGE-SECRET-KEY-1{}", "QYPZ4RX9M0L7K3J5H8G2F6D4S0A9QWERTYUPLKJHGFDSAZXCVNM2345678".get(..58).unwrap())),
            ("private-key", format!("-----BEGIN OPENSSH {}\n{}\n-----END", "PRIVATE KEY-----", &word[..64])),
            ("private-key", format!("-----BEGIN RSA {}\\n{}\\n-----END", "PRIVATE KEY-----", &word[..64])),
            ("private-key", format!("-----BEGIN PGP {}\n\n{}\n-----END", "PRIVATE KEY BLOCK-----", &word[..64])),
            ("jwt", format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", &word[..30], &word[..43])),
            ("password-hash", format!("$6$rounds=5000$saltSALTsalt$${}", &crypt[..86]).replace("$$", "$")),
            ("password-hash", format!("$y$j9T$q7LmW2xZ$${}", &crypt[..43]).replace("$$", "$")),
            ("password-hash", format!("$2b$12${}", &crypt[..53])),
            ("password-hash", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$kJ8hG5fD2sA9qW6eR3tY0uI7oP4lK1jH8gF5dS2aZ9x".to_owned()),
            ("wireguard-key", format!("PrivateKey = {}=", &word[..43])),
        ]
    }

    fn ids(text: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        Shapes::new().search(text.as_bytes(), &mut found);
        found.iter().map(|shape| RULES[shape.kind].id).collect()
    }

    #[test]
    fn every_rule_has_an_example_that_is_found_in_any_surroundings() {
        for (id, text) in examples() {
            for surrounded in [
                text.clone(),
                format!("x = \"{text}\";"),
                format!("Environment=TOKEN={text}\n"),
                format!("{text}\u{0}"),
            ] {
                assert_eq!(ids(&surrounded), [id], "{surrounded}");
            }
        }
        for rule in RULES {
            assert!(
                examples().iter().any(|(id, _)| *id == rule.id),
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn what_is_cut_short_is_no_secret() {
        for (id, text) in examples() {
            let end = text.len() * 2 / 5;
            assert_eq!(ids(&text[..end]), [""; 0], "{id}: {}", &text[..end]);
        }
    }

    #[test]
    fn what_guides_warn_of_is_a_secret_though_it_counts() {
        let text = format!("Environment=API_TOKEN=sk-live-{}", "1234567890abcdef");
        assert_eq!(ids(&text), ["live-key"]);
    }

    #[test]
    fn examples_of_manuals_are_no_secrets() {
        for text in [
            format!("AKIA{}", "IOSFODNN7EXAMPLE"),
            format!("ghp_{}", "x".repeat(36)),
            format!("ghp_{}", "0123456789".repeat(4).get(..36).unwrap()),
            format!("xAKIA{}", "Q3EGRZT7VLW2PXKD"),
            format!("AKIA{}", "Q3EGRZT7VLW2PXKDA"),
            format!("-----BEGIN {}\n...\n-----END", "PRIVATE KEY-----"),
            "PrivateKey = <your key>".to_owned(),
            "$6$salt$short".to_owned(),
            "eyJ.eyJ.x".to_owned(),
        ] {
            assert_eq!(ids(&text), [""; 0], "{text}");
        }
    }
}
