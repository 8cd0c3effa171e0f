//! A large document worked on by two threads, each with a half of its members.

use nixseal_document::tree::{Entry, Map, Node};

use super::{Visitor, WalkError, Walker, walk};
use crate::selector::Selector;

/// From so many values on, half of the work is more than a thread costs.
const MANY: usize = 2000;

/// Leads visitors through all documents of a file: `first` through all of it, or, where that is
/// much work and the halves do not depend on each other, `first` through the first half and
/// `second`, which is given back then, through the rest.
///
/// # Errors
/// The first in the order of the file, as [`walk`] gives it.
pub(crate) fn walk_in_halves<V: Visitor + Send>(
    documents: &mut [Map],
    selector: &Selector,
    first: &mut V,
    second: V,
) -> Result<Option<V>, WalkError> {
    let split = match documents {
        // A comment at the end of one half may decide about the other.
        [map] if !selector.is_by_comment() => split(map, MANY),
        _ => None,
    };
    let ([map], Some((before, after))) = (&mut *documents, split) else {
        walk(documents, selector, first)?;
        return Ok(None);
    };
    debug_assert_eq!(before + after, map.entries.len());
    let (before, after) = map.entries.split_at_mut(before);
    let mut second = second;
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(|| Walker::new(selector, &mut second).entries(after, false));
        let one = Walker::new(selector, first).entries(before, false);
        (one, other.join())
    });
    let two = two.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    one.and(two).map_err(|trace| trace.into_error(0))?;
    Ok(Some(second))
}

/// How many members stand in each half, by the number of their values; none for less than `many`
/// values, and where one member holds most of them.
fn split(map: &Map, many: usize) -> Option<(usize, usize)> {
    let counts: Vec<usize> = map.entries.iter().map(values).collect();
    let all: usize = counts.iter().sum();
    let mut before = 0;
    let middle = counts.iter().position(|count| {
        before += count;
        before * 2 >= all
    })?;
    let members = middle + 1;
    let after = all - before;
    (all >= many && after * 4 >= all).then_some((members, counts.len() - members))
}

fn values(entry: &Entry) -> usize {
    match entry {
        Entry::Comment(_) => 1,
        Entry::Pair(pair) => in_node(&pair.value),
    }
}

fn in_node(node: &Node) -> usize {
    match node {
        Node::Map(map) => map.entries.iter().map(values).sum(),
        Node::List(list) => list.values().map(in_node).sum(),
        Node::Scalar(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use nixseal_document::{Format, parse};

    use super::*;

    fn halves(text: &str, many: usize) -> Option<(usize, usize)> {
        let document = parse(Format::Yaml, text.as_bytes()).unwrap();
        split(document.branches.first().unwrap(), many)
    }

    #[test]
    fn halves_have_about_as_many_values() {
        // One member holds most of them.
        assert_eq!(halves("a: 1\nb: [1, 2, 3, 4, 5, 6]\nc: 4\n", 8), None);
        assert_eq!(halves("a: 1\nb: 2\nc: 3\nd: 4\n", 4), Some((2, 2)));
        assert_eq!(halves("a: 1\nb: 2\nc: 3\nd: 4\n", 5), None);
        assert_eq!(halves("a: {x: 1, y: 2}\nb: [1, 2]\n", 4), Some((1, 1)));
        assert_eq!(halves("a: {x: 1, y: 2}\n", 1), None);
        assert_eq!(halves("{}\n", 0), None);
    }
}
