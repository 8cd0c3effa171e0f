//! The table of shapes. Sources are the issuers' own descriptions of their tokens, RFC 7468 for
//! keys, RFC 7519 for JWT and crypt(5) for password hashes.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose};

/// One kind of secret.
pub(super) struct Rule {
    /// Its id in reports.
    pub(super) id: &'static str,
    /// What it is, in words.
    pub(super) what: &'static str,
    /// How it begins.
    pub(super) beginnings: &'static [&'static str],
    body: Body,
}

/// What comes after the beginning.
enum Body {
    /// So many of some letters, and no more of them.
    Letters(fn(u8) -> bool, usize, usize),
    /// The same after a beginning that is in no manual, so that rows of letters are no examples.
    Counted(fn(u8) -> bool, usize, usize),
    /// A function gives the length of what follows the beginning.
    After(fn(&[u8]) -> Option<usize>),
    /// A function gives the length of all.
    From(fn(&[u8]) -> Option<usize>),
}

const fn rule(
    id: &'static str,
    what: &'static str,
    beginnings: &'static [&'static str],
    body: Body,
) -> Rule {
    Rule {
        id,
        what,
        beginnings,
        body,
    }
}

fn alnum(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn word(byte: u8) -> bool {
    alnum(byte) || byte == b'_' || byte == b'-'
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn crypt(byte: u8) -> bool {
    alnum(byte) || byte == b'.' || byte == b'/'
}

fn standard(byte: u8) -> bool {
    alnum(byte) || byte == b'+' || byte == b'/'
}

use Body::{After, Counted, From, Letters};

/// All of them.
pub(super) const RULES: &[Rule] = &[
    rule(
        "aws-access-key",
        "an access key of AWS",
        &["AKIA", "ASIA"],
        Letters(upper, 16, 16),
    ),
    rule(
        "github-token",
        "a token of GitHub",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        Letters(alnum, 36, 251),
    ),
    rule(
        "github-token",
        "a token of GitHub",
        &["github_pat_"],
        Letters(word, 82, 82),
    ),
    rule(
        "gitlab-token",
        "a token of GitLab",
        &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"],
        Letters(word, 20, 64),
    ),
    rule(
        "slack-token",
        "a token of Slack",
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-"],
        After(slack),
    ),
    rule(
        "slack-token",
        "a token of Slack",
        &["xapp-"],
        Letters(word, 40, 256),
    ),
    rule(
        "slack-webhook",
        "a webhook of Slack",
        &["hooks.slack.com/services/T"],
        After(slack_webhook),
    ),
    rule(
        "stripe-key",
        "a live key of Stripe",
        &["sk_live_", "rk_live_"],
        Letters(alnum, 16, 247),
    ),
    rule(
        "live-key",
        "a key that calls itself live",
        &["sk-live-"],
        Counted(word, 12, 128),
    ),
    rule(
        "ai-key",
        "an API key of a language model's provider",
        &["sk-ant-", "sk-proj-"],
        Letters(word, 40, 256),
    ),
    rule(
        "google-api-key",
        "an API key of Google",
        &["AIza"],
        Letters(word, 35, 35),
    ),
    rule(
        "npm-token",
        "a token of npm",
        &["npm_"],
        Letters(alnum, 36, 36),
    ),
    rule(
        "pypi-token",
        "a token of PyPI",
        &["pypi-AgEIcHlwaS5vcmc"],
        Letters(word, 50, 1000),
    ),
    rule(
        "sendgrid-key",
        "a key of SendGrid",
        &["SG."],
        After(sendgrid),
    ),
    rule(
        "digitalocean-token",
        "a token of DigitalOcean",
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        Letters(|byte| byte.is_ascii_hexdigit(), 64, 64),
    ),
    rule(
        "tailscale-key",
        "a key of Tailscale",
        &["tskey-auth-", "tskey-api-", "tskey-client-"],
        Letters(word, 24, 128),
    ),
    rule(
        "google-token",
        "an access token of Google",
        &["ya29."],
        Letters(word, 30, 1000),
    ),
    rule(
        "hugging-face-token",
        "a token of Hugging Face",
        &["hf_"],
        Letters(alnum, 30, 40),
    ),
    rule(
        "docker-token",
        "a token of Docker",
        &["dckr_pat_"],
        Letters(word, 20, 64),
    ),
    rule(
        "vault-token",
        "a token of Vault",
        &["hvs."],
        Letters(word, 24, 200),
    ),
    rule(
        "shopify-token",
        "a token of Shopify",
        &["shpat_"],
        Letters(|byte| byte.is_ascii_hexdigit(), 32, 32),
    ),
    rule(
        "linear-key",
        "a key of Linear",
        &["lin_api_"],
        Letters(alnum, 30, 64),
    ),
    rule(
        "fly-token",
        "a token of Fly.io",
        &["fm2_"],
        Letters(standard, 40, 2000),
    ),
    rule(
        "sourcegraph-token",
        "a token of Sourcegraph",
        &["sgp_"],
        Letters(word, 40, 64),
    ),
    rule(
        "grafana-token",
        "a token of Grafana",
        &["glsa_"],
        Letters(word, 32, 64),
    ),
    rule(
        "atlassian-token",
        "a token of Atlassian",
        &["ATATT3"],
        Letters(word, 60, 400),
    ),
    rule(
        "discord-webhook",
        "a webhook of Discord",
        &["discord.com/api/webhooks/"],
        After(discord_webhook),
    ),
    rule(
        "doppler-token",
        "a token of Doppler",
        &["dp.pt."],
        Letters(alnum, 40, 64),
    ),
    rule(
        "pulumi-token",
        "a token of Pulumi",
        &["pul-"],
        Letters(|byte| byte.is_ascii_hexdigit(), 40, 40),
    ),
    rule(
        "age-secret-key",
        "an age identity",
        &["AGE-SECRET-KEY-1"],
        Letters(upper, 58, 58),
    ),
    rule(
        "age-secret-key",
        "an age identity",
        &["AGE-SECRET-KEY-PQ-1"],
        Letters(upper, 58, 2000),
    ),
    rule(
        "private-key",
        "a private key",
        &["-----BEGIN "],
        After(private_key),
    ),
    rule("jwt", "a JSON web token", &["eyJ"], After(json_web_token)),
    rule(
        "password-hash",
        "a password hash",
        &[
            "$6$",
            "$5$",
            "$y$",
            "$gy$",
            "$7$",
            "$2a$",
            "$2b$",
            "$2y$",
            "$argon2id$",
            "$argon2i$",
        ],
        From(password_hash),
    ),
    rule(
        "wireguard-key",
        "a private key of WireGuard",
        &["PrivateKey"],
        After(wireguard),
    ),
];

impl Rule {
    /// The end of the shape whose beginning is at `start..after`.
    pub(super) fn matches(&self, text: &[u8], start: usize, after: usize) -> Option<usize> {
        let before = start.checked_sub(1).and_then(|at| text.get(at));
        let rest = text.get(after..)?;
        let length = match self.body {
            Letters(allowed, least, most) | Counted(allowed, least, most) => {
                if before.is_some_and(|byte| word(*byte)) {
                    return None;
                }
                run(rest, allowed, least, most).filter(|length| {
                    !rest.get(*length).is_some_and(|next| alnum(*next))
                        || *length == most && most > 128
                })?
            }
            From(length) => length(text.get(start..)?)?.checked_sub(after - start)?,
            After(end) => {
                if before.is_some_and(|byte| alnum(*byte)) {
                    return None;
                }
                end(rest)?
            }
        };
        let body = rest.get(..length)?;
        let counts = matches!(self.body, Counted(..));
        is_varied(body, counts).then_some(after + length)
    }
}

/// Length of a run of some letters.
fn run(text: &[u8], allowed: fn(u8) -> bool, least: usize, most: usize) -> Option<usize> {
    let length = text
        .iter()
        .take(most)
        .take_while(|byte| allowed(**byte))
        .count();
    (length >= least).then_some(length)
}

/// Not an example: those repeat one letter, count, or say what they are.
fn is_varied(body: &[u8], may_count: bool) -> bool {
    let mut seen = [false; 256];
    body.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let different = seen.iter().filter(|seen| **seen).count();
    let holds = |word: &[u8]| {
        body.windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    let examples: [&[u8]; 4] = [b"EXAMPLE", b"xxxxxx", b"000000", b"your"];
    let rows: [&[u8]; 2] = [b"123456789", b"abcdefgh"];
    different >= 8
        && !examples.iter().any(|word| holds(word))
        && (may_count || !rows.iter().any(|row| holds(row)))
}

/// Numbers, then letters, joined by `-`.
fn slack(rest: &[u8]) -> Option<usize> {
    let length = run(rest, word, 20, 256)?;
    let body = rest.get(..length)?;
    let digits = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits >= 8 && body.get(digits) == Some(&b'-')).then_some(length)
}

fn slack_webhook(rest: &[u8]) -> Option<usize> {
    let team = run(rest, upper, 6, 16)?;
    let rest = rest.get(team..)?.strip_prefix(b"/B")?;
    let bot = run(rest, upper, 6, 16)?;
    let rest = rest.get(bot..)?.strip_prefix(b"/")?;
    Some(team + 2 + bot + 1 + run(rest, alnum, 20, 32)?)
}

fn discord_webhook(rest: &[u8]) -> Option<usize> {
    let id = run(rest, |byte| byte.is_ascii_digit(), 17, 20)?;
    let rest = rest.get(id..)?.strip_prefix(b"/")?;
    Some(id + 1 + run(rest, word, 60, 80)?)
}

fn sendgrid(rest: &[u8]) -> Option<usize> {
    let id = run(rest, word, 22, 22)?;
    let rest = rest.get(id..)?.strip_prefix(b".")?;
    let key = run(rest, word, 43, 43)?;
    let ends = !rest.get(key).is_some_and(|next| word(*next));
    ends.then_some(id + 1 + key)
}

/// A header, a line end, and letters of a key; the same with escaped line ends.
fn private_key(rest: &[u8]) -> Option<usize> {
    let title = rest.get(..rest.len().min(64))?;
    let end = title.windows(5).position(|part| part == b"-----")?;
    let words = title.get(..end)?;
    if !words.ends_with(b"PRIVATE KEY") && !words.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let mut at = end + 5;
    // Further headers, such as `Proc-Type:`, and empty lines.
    for _ in 0..6 {
        let line = rest.get(at..)?;
        let blank = line
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let escaped = [&b"\\r\\n"[..], b"\\n", b"\\\\n"];
        let skipped = match escaped.iter().find(|escaped| line.starts_with(escaped)) {
            Some(escaped) => escaped.len(),
            None => blank,
        };
        at += skipped;
        let line = rest.get(at..)?;
        if let Some(length) = run(line, standard, 40, super::Shapes::LONGEST / 2) {
            return Some(at + length);
        }
        let header = line.iter().take(80).position(|byte| *byte == b'\n');
        if skipped == 0 && header.is_none() {
            return None;
        }
        let is_header =
            header.is_some_and(|end| line.get(..end).is_some_and(|line| line.contains(&b':')));
        if is_header {
            at += header?;
        }
    }
    None
}

/// Three parts, the first of which is a header that names an algorithm.
fn json_web_token(rest: &[u8]) -> Option<usize> {
    let header = run(rest, word, 12, 1024)?;
    let second = rest.get(header..)?.strip_prefix(b".")?;
    let claims = run(second, word, 10, 4096)?;
    let third = second.get(claims..)?.strip_prefix(b".")?;
    let signature = run(third, word, 20, 1024)?;
    let lenient = NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let encoded = [b"eyJ", rest.get(..header)?].concat();
    let decoded = GeneralPurpose::new(&URL_SAFE, lenient)
        .decode(encoded)
        .ok()?;
    let names = decoded.windows(5).any(|part| part == b"\"alg\"");
    names.then_some(header + 1 + claims + 1 + signature)
}

/// A hash of crypt(5) or argon2, from its first `$`.
fn password_hash(text: &[u8]) -> Option<usize> {
    let text = text.get(..text.len().min(512))?;
    let field = |from: usize| {
        let rest = text.get(from..)?;
        let end = rest.iter().position(|byte| *byte == b'$');
        Some((
            rest.get(..end.unwrap_or(rest.len()))?,
            from + end.unwrap_or(rest.len()) + 1,
        ))
    };
    let (method, mut at) = field(1)?;
    let hash = |from: usize, length: usize| {
        let rest = text.get(from..)?;
        run(rest, crypt, length, length)?;
        let ends = !rest.get(length).is_some_and(|next| crypt(*next));
        ends.then_some(from + length)
    };
    let salt = |from: usize| {
        let (salt, next) = field(from)?;
        let legal = (1..=128).contains(&salt.len()) && salt.iter().all(|byte| crypt(*byte));
        legal.then_some(next)
    };
    match method {
        b"6" | b"5" => {
            let (first, next) = field(at)?;
            if first.starts_with(b"rounds=") {
                at = next;
            }
            hash(salt(at)?, if method == b"6" { 86 } else { 43 })
        }
        b"y" | b"gy" => hash(salt(salt(at)?)?, 43),
        b"7" => hash(salt(at)?, 43),
        b"2a" | b"2b" | b"2y" => {
            let (cost, next) = field(at)?;
            let legal = cost.len() == 2 && cost.iter().all(u8::is_ascii_digit);
            legal.then(|| hash(next, 53))?
        }
        _ => {
            let (version, next) = field(at)?;
            let (cost, next) = field(next)?;
            if !version.starts_with(b"v=") || !cost.starts_with(b"m=") {
                return None;
            }
            let (_, next) = field(next)?;
            Some(next + run(text.get(next..)?, standard, 20, 128)?)
        }
    }
}

/// ` = ` and 32 bytes in base64.
fn wireguard(rest: &[u8]) -> Option<usize> {
    let skipped = rest
        .iter()
        .take(8)
        .take_while(|byte| matches!(byte, b' ' | b'=' | b'"' | b'\t' | b'\\'))
        .count();
    let key = rest.get(skipped..)?;
    let length = run(key, standard, 43, 43)?;
    let padded = skipped > 0 && key.get(length) == Some(&b'=');
    padded.then_some(skipped + length + 1)
}
