//! Everything that the views show, gathered once.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nixseal_base::fs::{Batch, Creation};
use nixseal_git::Git;
use nixseal_git::history::{Age, Past, Present, When, ages};
use nixseal_repository::Repository;
use nixseal_repository::locate::normalize;
use nixseal_repository::loose::{Loose, Sides, look};
use nixseal_repository::matrix::Matrix;
use nixseal_sops::Moment;
use serde_json::{Map, Value, json};

use super::collect::Collected;
use super::recipient::Person;
use super::{ages as ages_view, loose, matrix, page, rules, shown};
use crate::args::Status;
use crate::commands::Session;
use crate::failure::Failure;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// What was found; what is not asked for is not there.
pub(super) struct Overview {
    pub(super) matrix: Matrix,
    pub(super) loose: Option<Loose>,
    pub(super) past: Option<Past>,
    pub(super) ages: Vec<Age>,
    pub(super) person: Option<Person>,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// Absolute paths that the user named; none for all.
    only: Vec<PathBuf>,
}

impl Overview {
    pub(super) fn gather(
        session: &Session<'_>,
        arguments: &Status,
        collected: Collected,
        repository: Option<&Repository>,
    ) -> Result<Self, Failure> {
        let Collected {
            matrix,
            ruled,
            rules,
        } = collected;
        let only: Vec<PathBuf> = arguments
            .files
            .iter()
            .map(|file| normalize(&session.current.join(file)))
            .collect();
        let in_page = arguments.html.is_some();
        let needs_past = arguments.recipient.is_some() || arguments.shows_age();
        let paths = ruled.iter().filter(|one| one.exists);
        let present = Present {
            repository,
            paths: paths.map(|one| one.path.clone()).collect(),
        };
        let environment = &session.context.environment;
        let read = || Past::read(&session.current, &present, environment);
        let past = match (needs_past, in_page) {
            (true, _) => Some(read().map_err(|error| {
                Failure::from(error).hint("what happened before is read from git")
            })?),
            (false, true) => read().ok(),
            (false, false) => None,
        };
        if let Some(past) = &past {
            warn(session, past);
        }
        let root = Git::new(&session.current).top().ok();
        let root = root.unwrap_or_else(|| session.current.clone());
        let person = match (&arguments.recipient, &past) {
            (Some(wanted), Some(past)) => Some(Person::find(past, wanted)?),
            _ => None,
        };
        let mut all = Self {
            matrix: matrix.finish(),
            loose: (arguments.unused || in_page)
                .then(|| look(&root, &ruled, &rules, sides(arguments))),
            ages: past.as_ref().map(ages).unwrap_or_default(),
            past,
            person,
            now: seconds(SystemTime::now()),
            only,
        };
        all.narrow(arguments);
        Ok(all)
    }

    /// Leaves out what was not asked for.
    fn narrow(&mut self, arguments: &Status) {
        let only = std::mem::take(&mut self.only);
        let named = |path: &Path| only.is_empty() || only.iter().any(|one| path.starts_with(one));
        self.matrix.rows.retain(|row| named(&row.path));
        if let Some(loose) = &mut self.loose {
            for list in [
                &mut loose.missing,
                &mut loose.orphaned,
                &mut loose.undeclared,
            ] {
                list.retain(|path| named(path));
            }
        }
        if let Some(past) = &self.past {
            let top = &past.top;
            self.ages.retain(|age| named(&top.join(&age.path)));
            if let Some(person) = &mut self.person {
                let files = &mut person.trace.files;
                files.retain(|file| named(&top.join(&file.path)));
            }
            let (now, least) = (self.now, arguments.older_than.map_or(-1, i64::from));
            let days = |when: When| past.commit(when).map_or(0, |one| (now - one.time) / DAY);
            self.ages
                .retain(|age| least < 0 || days(age.oldest) > least);
            let since = |when: When| past.commit(when).map_or(i64::MAX, |one| one.time);
            self.ages.sort_by_key(|age| since(age.oldest));
        }
        self.only = only;
    }

    pub(super) fn show(
        &self,
        session: &Session<'_>,
        arguments: &Status,
        repository: Option<&Repository>,
        files: &[Value],
    ) -> Result<(), Failure> {
        let ui = &session.context.ui;
        if let Some(target) = &arguments.html {
            let text = page::page(&page::Input {
                overview: self,
                session,
                files,
            });
            if target.as_os_str() == "-" {
                ui.data(text.as_bytes());
            } else {
                let batch = Batch::new();
                batch.stage(target, text.as_bytes(), Creation::PUBLIC)?;
                batch.commit()?;
                ui.say(format!("wrote {}", target.display()));
            }
            return Ok(());
        }
        if arguments.json {
            let all = self.json(session, arguments, repository, files);
            ui.line(format!("{all:#}"));
            return Ok(());
        }
        let mut parts: Vec<&dyn Fn()> = Vec::new();
        let matrix = || matrix::print(session, &self.matrix);
        let recipient = || {
            if let (Some(person), Some(past)) = (&self.person, &self.past) {
                person.print(session, past);
            }
        };
        let ages = || ages_view::print(session, self);
        let unused = || {
            if let Some(found) = &self.loose {
                loose::print(session, found);
            }
        };
        for (wanted, part) in [
            (arguments.matrix, &matrix as &dyn Fn()),
            (arguments.recipient.is_some(), &recipient),
            (arguments.shows_age(), &ages),
            (arguments.unused, &unused),
        ] {
            if wanted {
                parts.push(part);
            }
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                ui.line("");
            }
            part();
        }
        Ok(())
    }

    fn json(
        &self,
        session: &Session<'_>,
        arguments: &Status,
        repository: Option<&Repository>,
        files: &[Value],
    ) -> Value {
        let path = |file: &Value| PathBuf::from(file["path"].as_str().unwrap_or_default());
        let named = |file: &&Value| {
            let path = path(file);
            self.only.is_empty() || self.only.iter().any(|one| path.starts_with(one))
        };
        let files: Vec<&Value> = files.iter().filter(named).collect();
        let mut all = Map::new();
        all.insert("rules".to_owned(), json!(rules(repository)));
        all.insert("files".to_owned(), json!(files));
        if arguments.matrix {
            all.insert("matrix".to_owned(), matrix::json(session, &self.matrix));
        }
        if let Some(past) = &self.past {
            if let Some(person) = &self.person {
                all.insert("recipient".to_owned(), person.json(session, past));
            }
            if arguments.shows_age() {
                all.insert("ages".to_owned(), ages_view::json(session, self, past));
            }
            let unknown: usize = past.unknown_rules().values().sum();
            let history = json!({
                "commits": past.commits.len(),
                "complete": !past.is_shallow && unknown == 0,
            });
            all.insert("history".to_owned(), history);
        }
        if let Some(found) = self.loose.as_ref().filter(|_| arguments.unused) {
            all.insert("unused".to_owned(), loose::json(session, found));
        }
        Value::Object(all)
    }

    /// How many whole days ago that was; none for what is not committed.
    pub(super) fn days(&self, past: &Past, when: When) -> Option<i64> {
        past.commit(when).map(|one| (self.now - one.time) / DAY)
    }
}

/// Rules that were named are the only ones.
fn sides(arguments: &Status) -> Sides {
    let named = arguments.rules.rules.as_deref().and_then(Path::extension);
    let yaml = named.is_some_and(|suffix| suffix == "yaml" || suffix == "yml");
    Sides {
        age: !yaml,
        sops: arguments.rules.rules.is_none() || yaml,
    }
}

fn warn(session: &Session<'_>, past: &Past) {
    let ui = &session.context.ui;
    if past.is_shallow {
        ui.warn("this clone is shallow: older versions are not here; run git fetch --unshallow");
    }
    for (path, count) in past.unknown_rules() {
        let path = shown(session, &past.top.join(path));
        let times = if count == 1 { "version" } else { "versions" };
        ui.warn(format!(
            "{count} {times} of '{path}' could not be evaluated without Nix: what they said of \
             recipients is not known"
        ));
    }
}

/// A day as `2026-11-28`, in UTC.
pub(super) fn day(time: i64) -> String {
    let moment = moment(time);
    moment.split('T').next().unwrap_or_default().to_owned()
}

/// A time as `2026-11-28T06:46:17Z`.
pub(super) fn moment(time: i64) -> String {
    let since = Duration::from_secs(time.unsigned_abs());
    let time = match time < 0 {
        true => UNIX_EPOCH.checked_sub(since),
        false => UNIX_EPOCH.checked_add(since),
    };
    Moment::of(time.unwrap_or(UNIX_EPOCH)).as_str().to_owned()
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A commit for people: `1a2b3c4d5e (2026-11-28)`.
pub(super) fn commit_text(past: &Past, when: When) -> String {
    match past.commit(when) {
        Some(commit) => {
            let id = commit.id.get(..10).unwrap_or(&commit.id);
            format!("{id} ({})", day(commit.time))
        }
        None => "not committed".to_owned(),
    }
}

/// A commit for programs.
pub(super) fn commit_json(past: &Past, when: When) -> Value {
    let commit = past.commit(when);
    json!({
        "commit": commit.map(|one| &one.id),
        "date": commit.map(|one| moment(one.time)),
    })
}
