//! `nixseal git check`: what the hook runs before a commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use nixseal_base::diag::Severity;
use nixseal_git::Git;
use nixseal_git::staged::{Cover, judge, staged};
use nixseal_repository::locate::rules_file;
use nixseal_repository::sops::{SopsRules, is_age_name};
use nixseal_sops::config::CONFIG_FILE;

use crate::args::RulesArgs;
use crate::commands::Session;
use crate::context::Context;
use crate::failure::{Exit, Outcome};

/// Looks at all staged files; exit code 3 when one must not be committed as it is.
pub(super) fn run(context: &Context) -> Outcome {
    let session = Session::new(context)?;
    let git = Git::new(&session.current);
    let top = git.top()?;
    let mut rules = Rules {
        session: &session,
        names: BTreeMap::new(),
        sops: BTreeMap::new(),
    };
    let mut errors = 0;
    for file in staged(&git, &top)? {
        for finding in judge(&file, rules.cover(&file.path)) {
            errors += usize::from(finding.severity == Severity::Error);
            context.ui.report(&finding);
        }
    }
    if errors == 0 {
        return Ok(Exit::Done);
    }
    context
        .ui
        .say("nothing was committed; to commit it nevertheless: git commit --no-verify");
    Ok(Exit::Found)
}

/// Rules of the repository, each read once.
struct Rules<'a> {
    session: &'a Session<'a>,
    /// Paths of secrets by rules file.
    names: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Creation rules by folder.
    sops: BTreeMap<PathBuf, Option<SopsRules>>,
}

impl Rules<'_> {
    fn cover(&mut self, path: &Path) -> Cover {
        if is_age_name(path) || self.is_named(path) {
            return Cover::Age;
        }
        // Rules may match their own file.
        if path.file_name() == Some(CONFIG_FILE.as_ref()) {
            return Cover::Nothing;
        }
        let folder = path.parent().unwrap_or(path).to_owned();
        let session = self.session;
        let rules = self.sops.entry(folder).or_insert_with(|| {
            let rules = session.sops_rules(&RulesArgs { rules: None }, path);
            rules.unwrap_or_else(|error| {
                session.context.ui.warn(error.diagnostic().to_string());
                None
            })
        });
        let rule = rules.as_ref().and_then(|rules| rules.rule(path).ok()?);
        match rule {
            Some(rule) if rule.path_regex.is_some() => Cover::Sops,
            Some(_) => Cover::Anything,
            None => Cover::Nothing,
        }
    }

    /// Whether rules in Nix name that path.
    fn is_named(&mut self, path: &Path) -> bool {
        let environment = &self.session.context.environment;
        let Ok(rules) = rules_file(None, environment, Some(path), &self.session.current) else {
            return false;
        };
        let session = self.session;
        let names = self.names.entry(rules).or_insert_with_key(|rules| {
            match session.repository_at(rules) {
                Ok(repository) => {
                    let secrets = repository.secrets.into_iter();
                    secrets.map(|secret| secret.path).collect()
                }
                Err(failure) => {
                    for diagnostic in failure.diagnostics {
                        session.context.ui.warn(diagnostic.to_string());
                    }
                    BTreeSet::new()
                }
            }
        });
        names.contains(path)
    }
}
