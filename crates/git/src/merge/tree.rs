//! Three plain trees into one, by keys.
//!
//! The result grows in the tree of our side, so that its text stays and only what the other side
//! changed is put into it. What both sides changed in different ways is a conflict: our side
//! stays there, and the path is reported. The order of keys is no change.

use std::collections::{HashMap, HashSet};

use nixseal_base::secret::SecretBytes;
use nixseal_document::path::{Path, Step};
use nixseal_document::tree::{Comment, Entry, Map, Node, Pair};

use super::list;
use super::same::{same, same_comments};

/// What happened to a value on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It has another value.
    Changed,
    /// It is gone.
    Removed,
}

/// What the sides disagree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A value: what each side did to it.
    Value {
        /// Our side, which stays.
        ours: Change,
        /// The other side.
        theirs: Change,
    },
    /// The comments before a value, or at the end of a map.
    Comments,
}

/// A place where both sides changed the same thing in different ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Document of the file, from 0.
    pub document: usize,
    /// The value, or the map at whose end comments stand.
    pub path: Path,
    /// What it is about.
    pub subject: Subject,
}

/// Merges documents; `ours` becomes the result. None when the sides do not have the same number
/// of them.
pub(super) fn documents(ours: &mut [Map], base: &[Map], theirs: Vec<Map>) -> Option<Vec<Conflict>> {
    if ours.len() != theirs.len() || !(base.is_empty() || base.len() == ours.len()) {
        return None;
    }
    let empty = Map::default();
    let mut merge = Merge::default();
    for (number, (ours, theirs)) in ours.iter_mut().zip(theirs).enumerate() {
        merge.document = number;
        merge.map(ours, base.get(number).unwrap_or(&empty), theirs);
    }
    Some(merge.conflicts)
}

#[derive(Default)]
pub(super) struct Merge {
    conflicts: Vec<Conflict>,
    document: usize,
    path: Vec<Step>,
}

/// Comments and the pair that they stand before; the last one of a map may have none.
struct Group {
    comments: Vec<Comment>,
    pair: Option<Pair>,
}

impl Group {
    fn key(&self) -> Option<&str> {
        self.pair.as_ref().map(|pair| pair.key.as_str())
    }
}

/// The same of a map that is only looked at.
#[derive(Default)]
struct GroupOf<'a> {
    comments: Vec<&'a Comment>,
    pair: Option<&'a Pair>,
}

impl Merge {
    pub(super) fn at<T>(&mut self, step: Step, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = work(self);
        self.path.pop();
        result
    }

    pub(super) fn conflict(&mut self, subject: Subject) {
        self.conflicts.push(Conflict {
            document: self.document,
            path: Path(self.path.clone()),
            subject,
        });
    }

    fn map(&mut self, ours: &mut Map, base: &Map, theirs: Map) {
        if has_twins(ours) || has_twins(base) || has_twins(&theirs) {
            // Names do not tell which is which.
            let (ours_same, theirs_same) = (same_map(ours, base), same_map(&theirs, base));
            match (ours_same, theirs_same) {
                (true, _) => ours.entries = fresh_map(theirs).entries,
                (_, true) => {}
                (false, false) if same_map(ours, &theirs) => {}
                (false, false) => self.both(Change::Changed, Change::Changed),
            }
            return;
        }
        let (base, base_tail) = groups_of(base);
        let (mut ours_groups, mut ours_tail) = groups(std::mem::take(&mut ours.entries));
        let (theirs, theirs_tail) = groups(theirs.entries);
        let kept: HashSet<String> = names(&theirs).map(str::to_owned).collect();
        self.remove(&mut ours_groups, &base, &kept);
        let place: HashMap<String, usize> = names(&ours_groups)
            .enumerate()
            .map(|(index, name)| (name.to_owned(), index))
            .collect();
        let mut inserted: Vec<Vec<Group>> = Vec::new();
        inserted.resize_with(ours_groups.len() + 1, Vec::new);
        let new = |group: &Group| {
            let key = group.key().unwrap_or_default();
            !base.contains_key(key) && !kept.contains(key)
        };
        // Behind which of our groups the next new one goes, from 1; 0 is the beginning.
        let mut behind = 0;
        for group in theirs {
            let Some(key) = group.key().map(str::to_owned) else {
                continue;
            };
            let old = base.get(key.as_str());
            let place = place.get(&key).copied();
            if let Some(index) = place {
                behind = index + 1;
                // What we added there stays before what they did.
                while ours_groups.get(behind).is_some_and(&new) {
                    behind += 1;
                }
            }
            match place.and_then(|index| ours_groups.get_mut(index)) {
                Some(mine) => self.at(Step::Key(key), |merge| merge.group(mine, old, group)),
                None => {
                    let removed = |old: &GroupOf<'_>| same_pair(old.pair, group.pair.as_ref());
                    match old {
                        Some(old) if removed(old) => {}
                        Some(_) => self.at(Step::Key(key), |merge| {
                            merge.both(Change::Removed, Change::Changed);
                        }),
                        None => {
                            if let Some(list) = inserted.get_mut(behind) {
                                list.push(group);
                            }
                        }
                    }
                }
            }
        }
        self.comments(&mut ours_tail, &base_tail, theirs_tail);
        ours.entries = entries(ours_groups, inserted, ours_tail);
    }

    /// Takes out of our groups what the other side removed.
    fn remove(
        &mut self,
        ours: &mut Vec<Group>,
        base: &HashMap<&str, GroupOf<'_>>,
        kept: &HashSet<String>,
    ) {
        ours.retain(|group| {
            let Some(key) = group.key() else { return true };
            let Some(old) = base.get(key).filter(|_| !kept.contains(key)) else {
                return true;
            };
            if same_pair(old.pair, group.pair.as_ref()) {
                return false;
            }
            let step = Step::Key(key.to_owned());
            self.at(step, |merge| merge.both(Change::Changed, Change::Removed));
            true
        });
    }

    fn group(&mut self, ours: &mut Group, base: Option<&GroupOf<'_>>, theirs: Group) {
        let none = GroupOf::default();
        let old = base.unwrap_or(&none);
        self.comments(&mut ours.comments, &old.comments, theirs.comments);
        if let (Some(ours), Some(theirs)) = (&mut ours.pair, theirs.pair) {
            self.value(
                &mut ours.value,
                old.pair.map(|pair| &pair.value),
                theirs.value,
            );
        }
    }

    /// Merges one value that both sides have.
    pub(super) fn value(&mut self, ours: &mut Node, base: Option<&Node>, theirs: Node) {
        let theirs = match (&mut *ours, base, theirs) {
            (Node::Map(ours), base, Node::Map(theirs)) => {
                let empty = Map::default();
                let base = base.and_then(Node::as_map).unwrap_or(&empty);
                return self.map(ours, base, theirs);
            }
            (Node::List(ours), Some(Node::List(base)), Node::List(theirs)) => {
                return list::merge(self, ours, base, theirs);
            }
            (Node::Scalar(ours), Some(Node::Scalar(base)), Node::Scalar(theirs))
                if ours.value().same(base.value()) =>
            {
                return ours.set(theirs.value().duplicate());
            }
            (_, _, theirs) => theirs,
        };
        let unchanged = base.is_some_and(|base| same(base, &theirs));
        if unchanged || same(ours, &theirs) {
            return;
        }
        match base {
            Some(base) if same(base, ours) => *ours = fresh(theirs),
            Some(_) => self.both(Change::Changed, Change::Changed),
            None => self.both(Change::Added, Change::Added),
        }
    }

    fn comments(&mut self, ours: &mut Vec<Comment>, base: &[&Comment], theirs: Vec<Comment>) {
        let mine = || ours.iter();
        let changed = !same_comments(base.iter().copied(), theirs.iter());
        if !changed || same_comments(mine(), theirs.iter()) {
            return;
        }
        if same_comments(mine(), base.iter().copied()) {
            *ours = theirs.iter().map(fresh_comment).collect();
        } else {
            self.conflict(Subject::Comments);
        }
    }

    fn both(&mut self, ours: Change, theirs: Change) {
        self.conflict(Subject::Value { ours, theirs });
    }
}

fn names(groups: &[Group]) -> impl Iterator<Item = &str> {
    groups.iter().filter_map(Group::key)
}

fn has_twins(map: &Map) -> bool {
    let mut seen = HashSet::new();
    !map.pairs().all(|pair| seen.insert(pair.key.as_str()))
}

fn same_map(one: &Map, two: &Map) -> bool {
    super::same::same_map(one, two)
}

fn same_pair(one: Option<&Pair>, two: Option<&Pair>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => same(&one.value, &two.value),
        _ => false,
    }
}

/// Groups of a map, and the comments at its end.
fn groups(entries: Vec<Entry>) -> (Vec<Group>, Vec<Comment>) {
    let (mut groups, mut comments) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Comment(comment) => comments.push(comment),
            Entry::Pair(pair) => groups.push(Group {
                comments: std::mem::take(&mut comments),
                pair: Some(pair),
            }),
        }
    }
    (groups, comments)
}

fn groups_of(map: &Map) -> (HashMap<&str, GroupOf<'_>>, Vec<&Comment>) {
    let (mut groups, mut comments) = (HashMap::new(), Vec::new());
    for entry in &map.entries {
        match entry {
            Entry::Comment(comment) => comments.push(comment),
            Entry::Pair(pair) => {
                let comments = std::mem::take(&mut comments);
                let pair = Some(pair);
                let name = pair.map_or("", |pair| pair.key.as_str());
                groups.insert(name, GroupOf { comments, pair });
            }
        }
    }
    (groups, comments)
}

/// Our groups with the new ones between them.
fn entries(ours: Vec<Group>, inserted: Vec<Vec<Group>>, tail: Vec<Comment>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut ours = ours.into_iter();
    for new in inserted {
        for group in new {
            entries.extend(group.comments.iter().map(fresh_comment).map(Entry::Comment));
            entries.extend(group.pair.map(fresh_pair).map(Entry::Pair));
        }
        if let Some(group) = ours.next() {
            entries.extend(group.comments.into_iter().map(Entry::Comment));
            entries.extend(group.pair.map(Entry::Pair));
        }
    }
    entries.extend(tail.into_iter().map(Entry::Comment));
    entries
}

/// The same without its place: that is one in the text of the other side.
pub(super) fn fresh(node: Node) -> Node {
    match node {
        Node::Map(map) => Node::Map(fresh_map(map)),
        Node::List(list) => Node::List(list::fresh(list)),
        Node::Scalar(scalar) => Node::scalar(scalar.value().duplicate()),
    }
}

fn fresh_map(map: Map) -> Map {
    let entries = map.entries.into_iter().map(|entry| match entry {
        Entry::Comment(comment) => Entry::Comment(fresh_comment(&comment)),
        Entry::Pair(pair) => Entry::Pair(fresh_pair(pair)),
    });
    Map {
        entries: entries.collect(),
        origin: None,
    }
}

fn fresh_pair(pair: Pair) -> Pair {
    Pair {
        key: pair.key,
        value: fresh(pair.value),
        origin: None,
    }
}

pub(super) fn fresh_comment(comment: &Comment) -> Comment {
    Comment::new(SecretBytes::copy_of(comment.text()), comment.inline)
}

#[cfg(test)]
mod tests {
    use nixseal_document::{Format, parse};

    use super::*;

    /// The merged text and the paths of conflicts.
    fn merged(ours: &str, base: &str, theirs: &str) -> (String, Vec<String>) {
        let parse = |text: &str| parse(Format::Yaml, text.as_bytes()).unwrap();
        let (mut mine, base, theirs) = (parse(ours), parse(base), parse(theirs));
        let conflicts = documents(&mut mine.branches, &base.branches, theirs.branches).unwrap();
        let text = String::from_utf8(mine.splice().unwrap().expose().to_vec()).unwrap();
        let paths = conflicts.iter().map(|conflict| conflict.path.to_string());
        (text, paths.collect())
    }

    #[track_caller]
    fn clean(ours: &str, base: &str, theirs: &str, wanted: &str) {
        assert_eq!(merged(ours, base, theirs), (wanted.to_owned(), Vec::new()));
    }

    #[track_caller]
    fn disputed(ours: &str, base: &str, theirs: &str, path: &str) {
        assert_eq!(
            merged(ours, base, theirs),
            (ours.to_owned(), vec![path.to_owned()])
        );
    }

    #[test]
    fn changes_of_different_keys_are_both_made() {
        clean(
            "a: 1\nb: x\n",
            "a: 0\nb: x\n",
            "a: 0\nb: w\n",
            "a: 1\nb: w\n",
        );
        clean(
            "m:\n  a: 1 # one\n  b: 0\n\nz: 'q'\n",
            "m:\n  a: 0 # one\n  b: 0\n\nz: 'q'\n",
            "m:\n    a: 0 # one\n    b: 2\nz: r\n",
            "m:\n  a: 1 # one\n  b: 2\n\nz: r\n",
        );
    }

    #[test]
    fn new_keys_come_behind_those_they_stood_behind() {
        clean(
            "a: 0\nours: 1\nb: 0\n",
            "a: 0\nb: 0\n",
            "a: 0\n# why\ntheirs: 2\nb: 0\nlast: 3\n",
            "a: 0\nours: 1\n# why\ntheirs: 2\nb: 0\nlast: 3\n",
        );
    }

    #[test]
    fn what_one_side_removed_is_gone() {
        clean("b: 0\n", "a: 0\nb: 0\n", "a: 0\nb: 1\n", "b: 1\n");
        clean("a: 0\nb: 1\n", "a: 0\nb: 0\n", "b: 0\n", "b: 1\n");
    }

    #[test]
    fn the_same_change_on_both_sides_is_none() {
        clean("a: 1\nn: 2\n", "a: 0\n", "n: 2\na: 1\n", "a: 1\nn: 2\n");
        clean("b: 0\n", "a: 0\nb: 0\n", "b: 0\n", "b: 0\n");
    }

    #[test]
    fn different_changes_of_one_value_are_a_conflict() {
        disputed("m:\n  a: 1\n", "m:\n  a: 0\n", "m:\n  a: 2\n", "m.a");
        disputed("a: 1\n", "z: 0\n", "z: 0\na: 2\n", "a");
        disputed("a: 1\n", "a: 0\n", "a: '1'\n", "a");
        disputed("b: 0\n", "a: 0\nb: 0\n", "a: 1\nb: 0\n", "a");
        disputed("a: 1\nb: 0\n", "a: 0\nb: 0\n", "b: 0\n", "a");
        disputed("a: {x: 1}\n", "a: 0\n", "a: [1]\n", "a");
    }

    #[test]
    fn lists_are_merged_by_runs_or_by_places() {
        clean(
            "l:\n  - a\n  - b\n  - c\n  - ours\n",
            "l:\n  - a\n  - b\n  - c\n",
            "l:\n  - theirs\n  - b\n  - c\n",
            "l:\n  - theirs\n  - b\n  - c\n  - ours\n",
        );
        clean(
            "l:\n  - b\n  - c\n",
            "l:\n  - a\n  - b\n  - c\n",
            "l:\n  - a\n  - b\n  - c\n  - d\n",
            "l:\n  - b\n  - c\n  - d\n",
        );
        clean(
            "l:\n  - {u: a, p: 1}\n  - {u: b, p: 0}\n",
            "l:\n  - {u: a, p: 0}\n  - {u: b, p: 0}\n",
            "l:\n  - {u: c, p: 0}\n  - {u: b, p: 2}\n",
            "l:\n  - {u: c, p: 1}\n  - {u: b, p: 2}\n",
        );
        disputed("l: [a, x]\n", "l: [a]\n", "l: [a, y]\n", "l");
        disputed("l: [x, b]\n", "l: [a, b]\n", "l: [y, b]\n", "l[0]");
    }

    #[test]
    fn comments_follow_the_side_that_changed_them() {
        clean("# o\na: 1\n", "# o\na: 0\n", "# n\na: 0\n", "# n\na: 1\n");
        disputed("# x\na: 0\n", "# o\na: 0\n", "# n\na: 0\n", "a");
    }

    #[test]
    fn sides_with_other_numbers_of_documents_are_refused() {
        let parse = |text: &str| parse(Format::Yaml, text.as_bytes()).unwrap().branches;
        let (mut one, two) = (parse("a: 1\n"), parse("a: 1\n---\nb: 1\n"));
        assert!(documents(&mut one, &[], two).is_none());
    }
}
