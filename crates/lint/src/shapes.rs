//! How tokens look that services hand out, and private keys.
//!
//! Every shape begins with a text that nothing else begins with. Sources: the documentation of
//! each service, and the formats themselves.

use std::ops::Range;

/// What a token is made of.
#[derive(Clone, Copy, Debug)]
enum Alphabet {
    Word,
    Base64,
    UrlBase64,
    Hex,
    Upper,
    Dotted,
    Path,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Word => byte.is_ascii_alphanumeric(),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/=".contains(&byte),
            Self::UrlBase64 => byte.is_ascii_alphanumeric() || b"-_".contains(&byte),
            Self::Hex => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Dotted => byte.is_ascii_alphanumeric() || b"-_.".contains(&byte),
            Self::Path => byte.is_ascii_alphanumeric() || b"-_./".contains(&byte),
        }
    }
}

/// A kind of token.
#[derive(Debug)]
pub struct Shape {
    /// What it is, for a message: `a GitHub token`.
    pub name: &'static str,
    /// How it begins.
    pub prefix: &'static str,
    alphabet: Alphabet,
    /// How many characters follow at least.
    least: usize,
    /// Whether it is a private key, not a token.
    pub is_private_key: bool,
}

const fn token(
    name: &'static str,
    prefix: &'static str,
    alphabet: Alphabet,
    least: usize,
) -> Shape {
    Shape {
        name,
        prefix,
        alphabet,
        least,
        is_private_key: false,
    }
}

const fn key(name: &'static str, prefix: &'static str, alphabet: Alphabet, least: usize) -> Shape {
    Shape {
        name,
        prefix,
        alphabet,
        least,
        is_private_key: true,
    }
}

/// All shapes.
pub const SHAPES: &[Shape] = &[
    key("a private age key", "AGE-SECRET-KEY-1", Alphabet::Upper, 50),
    key(
        "a private post-quantum age key",
        "AGE-SECRET-KEY-PQ-1",
        Alphabet::Upper,
        50,
    ),
    token("a GitHub token", "ghp_", Alphabet::Word, 30),
    token("a GitHub token", "gho_", Alphabet::Word, 30),
    token("a GitHub token", "ghu_", Alphabet::Word, 30),
    token("a GitHub token", "ghs_", Alphabet::Word, 30),
    token("a GitHub token", "ghr_", Alphabet::Word, 30),
    token("a GitHub token", "github_pat_", Alphabet::UrlBase64, 40),
    token("a GitLab token", "glpat-", Alphabet::UrlBase64, 20),
    token("a GitLab token", "gldt-", Alphabet::UrlBase64, 20),
    token("a GitLab runner token", "glrt-", Alphabet::UrlBase64, 20),
    token("a GitLab token", "glcbt-", Alphabet::UrlBase64, 20),
    token("a GitLab token", "glptt-", Alphabet::UrlBase64, 20),
    token("a GitLab token", "glsoat-", Alphabet::UrlBase64, 20),
    token("a Stripe key", "sk_live_", Alphabet::Word, 16),
    token("a Stripe key", "sk_test_", Alphabet::Word, 16),
    token("a Stripe key", "rk_live_", Alphabet::Word, 16),
    token("a secret key", "sk-live-", Alphabet::UrlBase64, 12),
    token("an Anthropic key", "sk-ant-", Alphabet::UrlBase64, 20),
    token("an OpenAI key", "sk-proj-", Alphabet::UrlBase64, 20),
    token("an OpenAI key", "sk-", Alphabet::Word, 32),
    token("a Slack token", "xoxb-", Alphabet::UrlBase64, 20),
    token("a Slack token", "xoxp-", Alphabet::UrlBase64, 20),
    token("a Slack token", "xoxa-", Alphabet::UrlBase64, 20),
    token("a Slack token", "xoxr-", Alphabet::UrlBase64, 20),
    token("a Slack token", "xoxs-", Alphabet::UrlBase64, 20),
    token("a Slack token", "xapp-", Alphabet::UrlBase64, 20),
    token("an AWS access key", "AKIA", Alphabet::Upper, 16),
    token("an AWS access key", "ASIA", Alphabet::Upper, 16),
    token("a Google API key", "AIza", Alphabet::UrlBase64, 35),
    token("a Google token", "ya29.", Alphabet::UrlBase64, 30),
    token("a Hugging Face token", "hf_", Alphabet::Word, 30),
    token("an npm token", "npm_", Alphabet::Word, 36),
    token("a PyPI token", "pypi-AgE", Alphabet::UrlBase64, 40),
    token("a DigitalOcean token", "dop_v1_", Alphabet::Hex, 64),
    token("a DigitalOcean token", "doo_v1_", Alphabet::Hex, 64),
    token("a DigitalOcean token", "dor_v1_", Alphabet::Hex, 64),
    token("a Tailscale key", "tskey-", Alphabet::UrlBase64, 16),
    token("a SendGrid key", "SG.", Alphabet::Dotted, 60),
    token("a Docker token", "dckr_pat_", Alphabet::UrlBase64, 20),
    token("a Vault token", "hvs.", Alphabet::UrlBase64, 24),
    token("a Shopify token", "shpat_", Alphabet::Hex, 32),
    token("a Linear key", "lin_api_", Alphabet::Word, 30),
    token("a Fly.io token", "fm2_", Alphabet::Base64, 40),
    token("a Sourcegraph token", "sgp_", Alphabet::UrlBase64, 40),
    token("a Grafana token", "glsa_", Alphabet::UrlBase64, 32),
    token("an Atlassian token", "ATATT3", Alphabet::UrlBase64, 60),
    token("a JSON Web Token", "eyJ", Alphabet::Dotted, 40),
    token(
        "a webhook of Slack",
        "hooks.slack.com/services/T",
        Alphabet::Path,
        30,
    ),
    token(
        "a webhook of Discord",
        "discord.com/api/webhooks/",
        Alphabet::Path,
        17,
    ),
    token("a WakaTime key", "waka_", Alphabet::UrlBase64, 32),
    token("a Doppler token", "dp.pt.", Alphabet::Word, 40),
    token("a Pulumi token", "pul-", Alphabet::Hex, 40),
];

/// A place in a text that has a shape.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Which.
    pub shape: &'static Shape,
    /// Where.
    pub range: Range<usize>,
}

/// All tokens in a text, in order. Examples of documentations and rows of one character are none.
pub fn find(text: &str) -> Vec<Hit> {
    let bytes = text.as_bytes();
    let mut hits: Vec<Hit> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let inside = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let hit = match inside || !BEGINS[usize::from(byte)] {
            true => None,
            false => shape_at(bytes, at),
        };
        at = match &hit {
            Some(hit) => hit.range.end,
            None => at + 1,
        };
        hits.extend(hit.filter(|hit| is_real(&text[hit.range.clone()])));
    }
    hits
}

/// With which bytes shapes begin.
const BEGINS: [bool; 256] = {
    let mut begins = [false; 256];
    let mut index = 0;
    while index < SHAPES.len() {
        begins[SHAPES[index].prefix.as_bytes()[0] as usize] = true;
        index += 1;
    }
    begins
};

fn shape_at(bytes: &[u8], at: usize) -> Option<Hit> {
    let rest = bytes.get(at..)?;
    SHAPES.iter().find_map(|shape| {
        let behind = rest.strip_prefix(shape.prefix.as_bytes())?;
        let length = behind
            .iter()
            .take_while(|byte| shape.alphabet.has(**byte))
            .count();
        let end = at + shape.prefix.len() + length;
        (length >= shape.least).then_some(Hit {
            shape,
            range: at..end,
        })
    })
}

fn is_real(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    crate::value::distinct(token) >= 9
        && ![
            "example",
            "xxxxx",
            "placeholder",
            "your",
            "dummy",
            "redacted",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Where a text holds an unprotected private key in PEM, as its whole block.
pub fn private_key(text: &str) -> Option<Range<usize>> {
    const KINDS: &[&str] = &["", "OPENSSH ", "RSA ", "EC ", "DSA "];
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find("-----BEGIN ")) {
        let start = from + found;
        let rest = &text[start + "-----BEGIN ".len()..];
        from = start + 1;
        if rest.starts_with("PGP PRIVATE KEY BLOCK-----") {
            return Some(start..text.len());
        }
        let Some(body) = KINDS
            .iter()
            .find_map(|kind| rest.strip_prefix(kind)?.strip_prefix("PRIVATE KEY-----"))
        else {
            continue;
        };
        let end = body
            .find("-----END")
            .map_or(text.len(), |end| text.len() - body.len() + end);
        let body = &text[text.len() - body.len()..end];
        if is_unprotected(rest.starts_with("OPENSSH"), body) {
            return Some(start..end);
        }
    }
    None
}

/// Whether the body of a key is there, and needs no passphrase.
fn is_unprotected(openssh: bool, body: &str) -> bool {
    // `openssh-key-v1`, then the name of a cipher; this one is `none`.
    const NO_CIPHER: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    let letters: String = body
        .split("\\n")
        .flat_map(str::chars)
        .filter(|one| one.is_ascii_alphanumeric() || matches!(one, '+' | '/' | '='))
        .take(400)
        .collect();
    letters.len() >= 40
        && crate::value::distinct(&letters) >= 12
        && !body.contains("ENCRYPTED")
        && (!openssh || letters.starts_with(NO_CIPHER))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together, so that other scanners do not find it here.
    fn made(prefix: &str, length: usize) -> String {
        let tail = "Zq7Lw2Xt9Kb4Vn6Rj1Ys8Hd3Pm5Gc0FfTaBeUiOo".repeat(3);
        format!("{prefix}{}", &tail[..length])
    }

    #[test]
    fn tokens_are_found_where_they_stand() {
        for (prefix, length) in [
            ("ghp_", 36),
            ("glpat-", 20),
            ("sk-ant-", 30),
            ("xoxb-", 40),
            ("tskey-", 24),
        ] {
            let token = made(prefix, length);
            let hits = find(&format!("a \"{token}\" b"));
            assert_eq!(hits.len(), 1, "{prefix}");
            assert_eq!(hits[0].range, 3..3 + token.len());
        }
        let aws = format!("AKIA{}", "2Q4WXZ7TRPLNM3VB");
        assert_eq!(find(&aws).len(), 1);
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "ghp_short",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "task-0123456789012345678901234567890123456789",
            "sk-ssh-ed25519@openssh.com",
            "",
        ] {
            assert!(find(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn private_keys_need_a_body_without_passphrase() {
        let body = made("", 70);
        let block = |kind: &str, body: &str| {
            format!(
                "x\n-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----\n"
            )
        };
        assert!(private_key(&block("RSA ", &body)).is_some());
        assert!(
            private_key(&block(
                "OPENSSH ",
                &format!("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU{body}")
            ))
            .is_some()
        );
        assert!(
            private_key(&block("OPENSSH ", &body)).is_none(),
            "another cipher"
        );
        assert!(private_key(&block("ENCRYPTED ", &body)).is_none());
        assert!(private_key(&block("", "…")).is_none());
        assert!(private_key("-----BEGIN PUBLIC KEY-----").is_none());
    }
}
