//! From built generations to live ones: switch, links, old generations, units, results.

use nixseal_base::fs::Ownership;

use super::{Options, Stage, tell, tree_report};
use crate::changes::UnitLists;
use crate::content::{Content, Resolved};
use crate::credentials;
use crate::digest::Digest;
use crate::links;
use crate::manifest::{Kind, Layout, Manifest, Tree};
use crate::plan::{Origin, Plan, Planned};
use crate::report::{Entry, Outcome, Report, Status, TreeReport};
use crate::state::{Known, State};
use crate::units::{Teller, is_unit_name};

/// A file in which sops-install-secrets left private keys.
const LEFT_KEYS: &str = "age-keys.txt";

/// Makes all generations live and does what follows from that.
pub(super) fn switch_all(
    plan: &Plan<'_>,
    options: &Options<'_>,
    stages: &[Stage],
    resolved: &[Resolved],
    gid: u32,
    keys: &Digest,
) -> Result<Report, String> {
    let manifest = plan.manifest;
    let staged = || manifest.trees.iter().zip(stages).enumerate();
    // Lists are read when the switch of the system goes on; a kill from here on loses nothing.
    // Whom `systemctl` is to tell is noted until it is done.
    let systemctl = options.uses_systemctl(manifest);
    let mut states = Vec::new();
    for (index, (_, stage)) in staged() {
        let mut state = state(plan, index, stage, resolved, keys, options);
        if systemctl
            && !manifest.is_exact()
            && let Some(state) = &mut state
        {
            state.untold = all_units(plan, index, stage, resolved);
        }
        write_state(stage, state.as_ref())?;
        states.push(state);
    }
    let mut report = Report::default();
    if !systemctl {
        report.problems = tell_units(plan, options, stages, resolved);
    }
    let mut live = Vec::new();
    for (_, (tree, stage)) in staged() {
        let switched = match stage.is_new {
            true => switch(tree, stage, options),
            false => Ok(()),
        };
        live.push(switched.is_ok());
        match switched {
            Err(reason) if manifest.is_exact() => return Err(reason),
            other => report.problems.extend(other.err()),
        }
    }
    let is_live = |tree: usize| live.get(tree).copied().unwrap_or(false);
    let place = |(planned, resolved): (&Planned<'_>, &Resolved)| {
        let tree = manifest.trees.get(planned.tree)?;
        match is_live(planned.tree) {
            true => links::place(manifest, tree, planned, resolved).err(),
            false => Some("it is not live: see the other errors".to_owned()),
        }
    };
    let placed: Vec<Option<String>> = plan.items.iter().zip(resolved).map(place).collect();
    for (index, (tree, stage)) in staged() {
        let mut tree_report = tree_report(tree, options);
        tree_report.entries = entries(plan, index, stage, resolved, &placed);
        report.trees.push(tree_report);
        let (Some(site), Some(tree_report)) = (&stage.site, report.trees.last_mut()) else {
            continue;
        };
        if !is_live(index) {
            tree_report.outcome = Outcome::Aborted;
            tree_report.generation = site.previous.is_live.then_some(site.previous.number);
            continue;
        }
        tree_report.generation = Some(stage.number);
        if stage.is_new {
            tree_report.outcome = Outcome::Installed;
        }
        report.problems.extend(links::remove_left(plan, site));
        report
            .problems
            .extend(prune(manifest, tree, stage, options).err());
    }
    report.problems.extend(credentials::place(plan, resolved));
    if systemctl {
        let problems = tell_units(plan, options, stages, resolved);
        report.problems.extend(problems);
        for ((index, (_, stage)), state) in staged().zip(&mut states) {
            if let Some(state) = state.as_mut().filter(|state| !state.untold.is_empty()) {
                state.untold = waiting_units(plan, index, stage, resolved);
                report
                    .problems
                    .extend(write_state(stage, Some(state)).err());
            }
        }
    }
    if manifest.is_exact()
        && let Some(reason) = placed.into_iter().flatten().next()
    {
        return Err(reason);
    }
    write_results(plan, stages, gid, &mut report);
    Ok(report)
}

/// What is known of a generation.
fn state(
    plan: &Plan<'_>,
    tree: usize,
    stage: &Stage,
    resolved: &[Resolved],
    keys: &Digest,
    options: &Options<'_>,
) -> Option<State> {
    let site = stage.site.as_ref()?;
    let mut state = State {
        keys: Some(keys.clone()),
        ..State::default()
    };
    for (index, planned) in plan.of_tree(tree) {
        let before = site.state.item(planned.kind, &planned.item.name);
        let link = planned.has_link().then(|| {
            let shown = |path: &std::path::Path| path.to_string_lossy().into_owned();
            (shown(&planned.path), shown(&planned.live))
        });
        let known = resolved.get(index).and_then(|resolved| {
            Some(Known {
                input: resolved.input.clone()?,
                output: resolved.output.clone()?,
                owner: match options.ignore_passwd {
                    true => before.and_then(|known| known.owner),
                    false => planned.rights.owner,
                },
                link: link.clone(),
            })
        });
        if let Some(known) = known.or_else(|| before.cloned()) {
            let key = (planned.kind, planned.item.name.clone());
            state.items.insert(key, known);
        }
    }
    Some(state)
}

/// Notes it, if it is not what is noted already.
fn write_state(stage: &Stage, state: Option<&State>) -> Result<(), String> {
    let (Some(site), Some(state)) = (&stage.site, state) else {
        return Ok(());
    };
    if !stage.is_new && *state == site.state {
        return Ok(());
    }
    state
        .write(&site.private, stage.number)
        .map_err(|error| error.to_string())
}

/// Units that the last run did not tell, and those that concern what this one changed.
fn all_units(plan: &Plan<'_>, tree: usize, stage: &Stage, resolved: &[Resolved]) -> UnitLists {
    let mut units = left_untold(stage);
    // At boot units start with what they find.
    if stage.was_live {
        units.add(plan, tree, resolved, |_, _| true);
    }
    units
}

/// Of these, those whose secrets wait for their owners: they are told then.
fn waiting_units(plan: &Plan<'_>, tree: usize, stage: &Stage, resolved: &[Resolved]) -> UnitLists {
    let mut units = UnitLists::default();
    if stage.was_live {
        units.add(plan, tree, resolved, is_waiting);
    }
    units
}

fn is_waiting(planned: &Planned<'_>, resolved: &Resolved) -> bool {
    planned.rights.is_waiting(resolved.before.as_ref())
}

fn left_untold(stage: &Stage) -> UnitLists {
    let site = stage.site.as_ref();
    site.map(|site| site.state.untold.clone())
        .unwrap_or_default()
}

fn switch(tree: &Tree, stage: &Stage, options: &Options<'_>) -> Result<(), String> {
    if tree.layout == Layout::Agenix {
        options.events.out(&format!(
            "[agenix] symlinking new secrets to {} (generation {})...",
            tree.link.display(),
            stage.number
        ));
    }
    links::switch(tree, stage.number)
}

/// Removes generations that are too old, and those that never became live.
fn prune(
    manifest: &Manifest,
    tree: &Tree,
    stage: &Stage,
    options: &Options<'_>,
) -> Result<(), String> {
    let Some(site) = &stage.site else {
        return Ok(());
    };
    let text =
        |error: nixseal_base::fs::FsError| format!("cannot prune old secrets generations: {error}");
    let current = stage.number;
    if tree.layout == Layout::Agenix {
        if stage.is_new && current > 1 && tree.keep_generations > 0 {
            options.events.out(&format!(
                "[agenix] removing old secrets (generation {})...",
                current - 1
            ));
        }
        if !options.ignore_passwd && !manifest.user_mode && stage.is_new {
            options.events.out("[agenix] chowning...");
        }
    }
    let _ = site.mount_point.remove(LEFT_KEYS);
    for number in site.generations().map_err(text)? {
        let keep = tree.keep_generations;
        let old = keep != 0 && number.saturating_add(keep) <= current;
        // A run that was killed before it was done.
        let unborn = number > current && !manifest.is_exact();
        if old || unborn {
            site.mount_point
                .remove_all(number.to_string())
                .map_err(text)?;
        }
    }
    let left = site.generations().map_err(text)?;
    State::prune(&site.private, |number| left.contains(&number));
    Ok(())
}

fn tell_units(
    plan: &Plan<'_>,
    options: &Options<'_>,
    stages: &[Stage],
    resolved: &[Resolved],
) -> Vec<String> {
    let manifest = plan.manifest;
    let exact = manifest.is_exact();
    if exact && manifest.user_mode {
        return Vec::new();
    }
    let mut problems = Vec::new();
    if !exact {
        problems = malformed_units(plan);
    }
    let mut units = UnitLists::default();
    let systemctl = options.uses_systemctl(manifest);
    for (index, stage) in stages.iter().enumerate() {
        units.extend(&left_untold(stage));
        // At boot units start with what they find.
        if stage.was_live {
            units.add(plan, index, resolved, |planned, resolved| {
                !systemctl || !is_waiting(planned, resolved)
            });
        }
    }
    if !exact {
        units.once();
        units.restart.retain(|unit| is_unit_name(unit));
        units.reload.retain(|unit| is_unit_name(unit));
    }
    let teller = Teller {
        events: options.events,
        environment: options.environment,
        systemctl,
        user: manifest.user_mode,
        dry: options.dry(),
        lists_when_dry: crate::sops_nix::is_dry(options.environment),
        exact,
    };
    problems.extend(teller.tell(&units));
    problems
}

fn malformed_units(plan: &Plan<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    for planned in &plan.items {
        let item = planned.item;
        for unit in item.restart_units.iter().chain(&item.reload_units) {
            if !is_unit_name(unit) {
                let label = planned.label();
                problems.push(format!("{label}: '{unit}' is no name of a unit"));
            }
        }
    }
    problems
}

/// What became of every item of a tree.
fn entries(
    plan: &Plan<'_>,
    tree: usize,
    stage: &Stage,
    resolved: &[Resolved],
    placed: &[Option<String>],
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, planned) in plan.of_tree(tree) {
        if let Some(resolved) = resolved.get(index) {
            // Of those that are only in templates, what fails is worth telling.
            if planned.template_only && resolved.fault().is_none() {
                continue;
            }
            let mut entry = entry(planned, resolved);
            let unplaced = placed.get(index).cloned().flatten();
            entry.reason = entry.reason.or(unplaced);
            entries.push(entry);
        }
    }
    for kind in [Kind::Secret, Kind::Template] {
        for name in stage.changes.removed(kind) {
            entries.push(removed(kind, name));
        }
    }
    entries
}

fn removed(kind: Kind, name: &str) -> Entry {
    Entry {
        kind,
        name: name.to_owned(),
        option: None,
        file: None,
        key: None,
        path: name.into(),
        status: Status::Removed,
        reason: None,
        optional: false,
    }
}

fn entry(planned: &Planned<'_>, resolved: &Resolved) -> Entry {
    let status = match (&resolved.content, resolved.before) {
        (Content::Failed(_), Some(_)) => Status::Kept,
        (Content::Failed(_), None) => Status::Missing,
        (_, None) => Status::Added,
        (_, Some(_)) if resolved.is_changed() => Status::Modified,
        _ => Status::Unchanged,
    };
    let source = match &planned.origin {
        Origin::Secret(source) => Some(*source),
        Origin::Template(_) => None,
    };
    Entry {
        kind: planned.kind,
        name: planned.item.name.clone(),
        option: planned.item.option.clone(),
        file: source.map(|source| source.file().to_owned()),
        key: source.and_then(|source| source.key()).map(str::to_owned),
        path: planned.path.clone(),
        status,
        reason: resolved.fault().map(|fault| fault.reason.clone()),
        optional: planned.item.optional,
    }
}

fn write_results(plan: &Plan<'_>, stages: &[Stage], gid: u32, report: &mut Report) {
    let owner = (!plan.manifest.user_mode).then_some(Ownership { uid: 0, gid });
    for (tree, stage) in report.trees.iter().zip(stages) {
        if let Some(site) = &stage.site {
            report
                .problems
                .extend(tree.write(&site.mount_point, owner).err());
        }
    }
}

/// A run that installs nothing since something failed: what is live stays.
pub(super) fn aborted(
    plan: &Plan<'_>,
    options: &Options<'_>,
    stages: &[Stage],
    resolved: &[Resolved],
    gid: u32,
) -> Report {
    let mut report = Report::default();
    for (index, (tree, stage)) in plan.manifest.trees.iter().zip(stages).enumerate() {
        let mut one = unfinished(plan, options, index, tree, stage, resolved);
        one.outcome = Outcome::Aborted;
        one.entries.retain(|entry| entry.reason.is_some());
        report.trees.push(one);
    }
    write_results(plan, stages, gid, &mut report);
    report
}

fn unfinished(
    plan: &Plan<'_>,
    options: &Options<'_>,
    index: usize,
    tree: &Tree,
    stage: &Stage,
    resolved: &[Resolved],
) -> TreeReport {
    let mut report = tree_report(tree, options);
    let site = stage.site.as_ref();
    let live = site.filter(|site| site.previous.is_live);
    report.generation = live.map(|site| site.previous.number);
    report.entries = entries(plan, index, stage, resolved, &[]);
    report
}

/// A run that changes nothing and says what it would do.
pub(super) fn dry(
    plan: &Plan<'_>,
    options: &Options<'_>,
    stages: &[Stage],
    resolved: &[Resolved],
) -> Report {
    let mut report = Report {
        dry: true,
        ..Report::default()
    };
    report.problems = tell_units(plan, options, stages, resolved);
    for (index, (tree, stage)) in plan.manifest.trees.iter().zip(stages).enumerate() {
        tell::changes(plan.manifest, stage, options);
        report
            .trees
            .push(unfinished(plan, options, index, tree, stage, resolved));
    }
    report
}
