//! The rules as ragenix reads them: checked against its schema before anything
//! is done, and always with text as the form of files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nixseal_age::recipients::{RecipientError, parse_recipient};
use nixseal_base::diag::Diagnostic;
use nixseal_nix::eval::{NixError, file_to_json};
use nixseal_repository::{Preference, Rule, RuleKey};
use serde_json::{Map, Value};

use super::arguments::Arguments;
use super::schema;
use crate::commands::Session;
use crate::failure::Failure;
use crate::personalities::agenix::folder::{DEFAULT, Folder, Place, silent};

/// Rules that fit the schema.
pub(super) struct Rules {
    place: Place,
    rules: Vec<Rule>,
}

/// The keys of each rule, to explain one that cannot be used.
pub(super) type Keys = BTreeMap<String, Vec<RuleKey>>;

/// Finds and checks the rules; says what is wrong as ragenix does.
pub(super) fn read(session: &Session<'_>, arguments: &Arguments) -> Result<Rules, Failure> {
    let files = [
        &arguments.edit,
        &arguments.decrypt,
        &arguments.files.first().cloned(),
    ];
    let file = files.into_iter().flatten().next();
    let named = arguments.rules.as_deref();
    let place = Place::find(
        session,
        named,
        file.map(PathBuf::as_path),
        Preference::RulesFolder,
    )
    .map_err(|_| {
        let environment = &session.context.environment;
        let named = named.map(PathBuf::from);
        let shown = named.or_else(|| environment.path(&nixseal_base::env::RULES));
        let shown = shown.map_or(DEFAULT.to_owned(), |path| path.display().to_string());
        invalid(session, &shown, &format!("{shown} does not exist!"))
    })?;
    let rules = match file_to_json(&place.path, &session.context.environment) {
        Ok(text) => checked(session, &place, &serde_json::from_str(&text)?)?,
        // Nix itself may know more; it gives rules or findings, one by one.
        Err(NixError::Unsupported(_)) => match session.rules_at(&place.path) {
            Ok(rules) => from_nix(session, &place, rules)?,
            Err(failure) => return Err(unreadable(session, &place, failure)),
        },
        Err(error) => {
            let failure = Failure::of(error.diagnostic().clone());
            return Err(unreadable(session, &place, failure));
        }
    };
    Ok(Rules { place, rules })
}

impl Rules {
    /// The listing of `-v`.
    pub(super) fn listing(&self) -> String {
        #[derive(Debug)]
        #[expect(dead_code, reason = "only shown")]
        struct RagenixRule<'a> {
            path: PathBuf,
            public_keys: Vec<&'a str>,
        }
        let folder = self
            .place
            .path
            .parent()
            .map(PathBuf::from)
            .unwrap_or_default();
        let folder = folder.canonicalize().unwrap_or(folder);
        let rule = |rule: &'_ Rule| RagenixRule {
            path: folder.join(&rule.name),
            public_keys: Vec::new(),
        };
        let mut list: Vec<RagenixRule<'_>> = self.rules.iter().map(rule).collect();
        for (shown, rule) in list.iter_mut().zip(&self.rules) {
            let keys = rule.keys.iter().flatten();
            shown.public_keys = keys.map(|key| &*key.text).collect();
        }
        format!("{list:#?}")
    }

    /// The keys of each rule.
    pub(super) fn keys(&self) -> Keys {
        let keys = |rule: &Rule| Some((rule.name.clone(), rule.keys.clone().ok()?));
        self.rules.iter().filter_map(keys).collect()
    }

    /// The rules with lock and files.
    pub(super) fn folder(self, session: &Session<'_>) -> Result<Folder, Failure> {
        Folder::new(session, self.place, self.rules)
    }
}

/// Explains a rule that has a recipient which is none.
pub(super) fn check_recipients(session: &Session<'_>, keys: &[RuleKey]) -> Result<(), Failure> {
    for key in keys {
        let Err(error) = parse_recipient(&key.text, &session.asks) else {
            continue;
        };
        let failure = match &error {
            // Such a text is never repeated.
            RecipientError::PrivateKey => Failure::new(format!("Invalid recipient: {error}")),
            _ => Failure::new(format!("Invalid recipient: {} ({error})", key.text)),
        };
        return Err(failure.hint(
            "Make sure you use an ssh-ed25519, ssh-rsa or an X25519 public key, \
             alternatively install an age plugin which supports your key",
        ));
    }
    Ok(())
}

fn checked(session: &Session<'_>, place: &Place, value: &Value) -> Result<Vec<Rule>, Failure> {
    let violations = schema::violations(value);
    if !violations.is_empty() {
        let lines: Vec<String> = violations.iter().map(|line| format!(" - {line}")).collect();
        return Err(invalid(session, &place.shown, &lines.join("\n")));
    }
    let empty = Map::new();
    let rules = value.as_object().unwrap_or(&empty);
    let keys = |rule: &Value| -> Vec<RuleKey> {
        let list = rule.get("publicKeys").and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts
            .map(|text| RuleKey {
                text: text.into(),
                names: [].into(),
            })
            .collect()
    };
    let rule = |(name, rule): (&String, &Value)| Rule {
        name: name.clone(),
        keys: Ok(keys(rule)),
        armor: Some(true),
        place: None,
    };
    Ok(rules.iter().map(rule).collect())
}

/// What Nix evaluated, checked as far as it still can be.
fn from_nix(session: &Session<'_>, place: &Place, rules: Vec<Rule>) -> Result<Vec<Rule>, Failure> {
    let broken: Vec<Diagnostic> = rules
        .iter()
        .filter_map(|rule| rule.keys.clone().err())
        .collect();
    if !broken.is_empty() {
        return Err(unreadable(
            session,
            place,
            Failure {
                diagnostics: broken,
                ..silent()
            },
        ));
    }
    let without = rules
        .iter()
        .filter(|rule| rule.keys.as_ref().is_ok_and(Vec::is_empty));
    let lines: Vec<String> = without
        .map(|rule| {
            format!(
                " - /{}/publicKeys: [] has less than 1 item",
                schema::escape(&rule.name)
            )
        })
        .collect();
    if !lines.is_empty() {
        return Err(invalid(session, &place.shown, &lines.join("\n")));
    }
    Ok(rules
        .into_iter()
        .map(|rule| Rule {
            armor: Some(true),
            ..rule
        })
        .collect())
}

fn unreadable(session: &Session<'_>, place: &Place, failure: Failure) -> Failure {
    let told = invalid(
        session,
        &place.shown,
        &format!("Failed to read {} as JSON", place.shown),
    );
    Failure {
        diagnostics: failure.diagnostics,
        ..told
    }
}

fn invalid(session: &Session<'_>, shown: &str, reasons: &str) -> Failure {
    session.context.ui.say(format!(
        "error: secrets rules are invalid: '{shown}'\n{reasons}"
    ));
    silent()
}
